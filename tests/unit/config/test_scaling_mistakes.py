"""Mistakes in how many pods serve a model, and in what decides it."""

from __future__ import annotations

from typing import Any

import pytest

from components.config.load import validate
from components.config.replicas import Replicas
from tests.unit.components.environment import model, stack_file

KEY = "slipway:models.m.replicas"
# What is said of the replicas, the key below them, the value as it is told, and words of the fix.
MISTAKES: dict[str, tuple[Any, str, str, str]] = {
    "a list": ([1, 2], "", "[1, 2]", "write a number, or a map of these keys"),
    "true": (True, "", "true", "write a number, or a map of these keys"),
    "more than a hundred": (101, "", "101", "`100` or less"),
    "least of none": ({"min": 0, "max": 2}, ".min", "0", "write `1`"),
    "most below least": ({"min": 3, "max": 2}, ".max", "2", "`3` or more"),
    "most beyond bounds": ({"max": 101}, ".max", "101", "write `100`"),
    "least in quotes": ({"min": "1"}, ".min", '"1"', "take the quotes off"),
    "an unknown key": ({"min": 1, "maximum": 2}, ".maximum", "2", "did you mean `max`"),
    "a target with nothing to decide": (
        {"min": 2, "cpu": 70},
        "",
        '"cpu": 70',
        "write `max: 3`, or `2` alone",
    ),
    "rules with nothing to decide": (
        {"min": 1, "max": 1, "scale_down": {}},
        "",
        '"scale_down"',
        "write `max: 2`, or `1` alone",
    ),
    "a target with a percent sign": ({"max": 2, "cpu": "70%"}, ".cpu", '"70%"', "without quotes"),
    "a target as a share": ({"max": 2, "memory": 0.8}, ".memory", "0.8", "without quotes"),
    "a target of nothing": ({"max": 2, "cpu": 0}, ".cpu", "0", "write `1`"),
    "a target beyond bounds": ({"max": 2, "cpu": 1001}, ".cpu", "1001", "write `1000`"),
    "rules in Kubernetes' spelling": (
        {"max": 2, "scale_down": {"stabilizationWindowSeconds": 60}},
        ".scale_down.stabilizationWindowSeconds",
        "60",
        "did you mean `stabilization_window_seconds`",
    ),
    "a window with a unit": (
        {"max": 2, "scale_up": {"stabilization_window_seconds": "60s"}},
        ".scale_up.stabilization_window_seconds",
        '"60s"',
        "without quotes",
    ),
    "a window longer than the API takes": (
        {"max": 2, "scale_up": {"stabilization_window_seconds": 3601}},
        ".scale_up.stabilization_window_seconds",
        "3601",
        "write `3600`",
    ),
    "no policies": (
        {"max": 2, "scale_down": {"policies": []}},
        ".scale_down.policies",
        "[]",
        "`select_policy: Disabled`",
    ),
    "a policy without a time": (
        {"max": 2, "scale_down": {"policies": [{"type": "Pods", "value": 1}]}},
        ".scale_down.policies[0].period_seconds",
        "",
        "add the key `period_seconds`",
    ),
    "a policy of another type": (
        {"max": 2, "scale_down": {"policies": [{"type": "percent", "value": 1}]}},
        ".scale_down.policies[0].type",
        '"percent"',
        "write `Percent`",
    ),
    "a policy that never moves": (
        {
            "max": 2,
            "scale_up": {"policies": [{"type": "Pods", "value": 0, "period_seconds": 1}]},
        },
        ".scale_up.policies[0].value",
        "0",
        "write `1`",
    ),
    "a policy over more than the API takes": (
        {
            "max": 2,
            "scale_up": {"policies": [{"type": "Pods", "value": 1, "period_seconds": 1801}]},
        },
        ".scale_up.policies[0].period_seconds",
        "1801",
        "write `1800`",
    ),
    "another way to choose": (
        {"max": 2, "scale_up": {"select_policy": "max"}},
        ".scale_up.select_policy",
        '"max"',
        "write `Max`",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_answered_with_key_value_and_fix(name: str) -> None:
    replicas, key, value, fix = MISTAKES[name]
    _, found = validate(stack_file(models={"m": model(replicas=replicas)}))
    (told,) = [each for each in found if each.path == f"{KEY}{key}"]
    assert value in str(told)
    assert fix in told.fix


@pytest.mark.parametrize(
    ("metrics", "key", "fix"),
    [
        ("metric-server", "metrics", "did you mean `kind: metrics-server`"),
        ({"image": "a/b:1"}, "metrics", "choose one of these"),
        ({"kind": "present", "image": "a/b:1"}, "metrics.image", "take `image` out"),
        (
            {"kind": "metrics-server", "insecure_tls": True},
            "metrics.insecure_tls",
            "did you mean `kubelet_insecure_tls`",
        ),
        ({"kind": "metrics-server", "image": "a/b"}, "metrics.image", "the tag of a version"),
    ],
)
def test_a_mistake_in_who_serves_metrics_is_answered_too(metrics: Any, key: str, fix: str) -> None:
    _, (told,) = validate(stack_file(metrics=metrics))
    assert told.path == f"slipway:{key}"
    assert fix in told.fix


def test_a_range_may_leave_out_either_end() -> None:
    def replicas(said: Any) -> Replicas:
        config, found = validate(stack_file(models={"m": model(replicas=said)}))
        assert found == []
        assert config is not None
        return config.models["m"].replicas

    assert [(each.min, each.most) for each in map(replicas, ({"max": 4}, {"min": 4}, 4))] == [
        (1, 4),
        (4, 4),
        (4, 4),
    ]
    assert [each.scales for each in map(replicas, ({"max": 4}, {"min": 4}, 4))] == [
        True,
        False,
        False,
    ]
