"""Mistakes in what only Triton takes."""

from __future__ import annotations

from typing import Any

import pytest

from components.config.load import validate
from tests.unit.components.environment import model, stack_file


def warm_up(**changes: Any) -> dict[str, Any]:
    one = {"data_type": "TYPE_FP32", "dims": [3], **changes}
    return {"warm_up": {"inputs": {"x": one}}}


# What is said of the model, the key below it, the value as it is told, and words of the fix.
MISTAKES: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "a bare version": ({"versions": 2}, "versions", "2", "`{specific: [2]}`"),
    "a version of no directory": (
        {"versions": {"specific": [0, 1]}},
        "versions",
        "[0, 1]",
        "write `{specific: [1]}`",
    ),
    "another control mode": (
        {"model_control_mode": "none"},
        "model_control_mode",
        '"none"',
        "write `poll` or `explicit`",
    ),
    "control from outside": (
        {
            "model_control_mode": "explicit",
            "expose": {"kind": "load_balancer", "port": 9090},
        },
        "model_control_mode",
        "explicit",
        "take `model_control_mode` out, or take `expose` out",
    ),
    "a poll in milliseconds": ({"repository_poll": "100ms"}, "repository_poll", "100ms", "`1s`"),
    "a poll once a day": ({"repository_poll": "24h"}, "repository_poll", "24h", "`1h`"),
    "a bare amount of shared memory": ({"shared_memory": 64}, "shared_memory", "64", "`64Mi`"),
    "batching by a word": (
        {"batching": True},
        "batching",
        "true",
        "write `{}` for the defaults, or a map of these keys",
    ),
    "an unknown key of batching": (
        {"batching": {"prefered_batch_size": [1]}},
        "batching.prefered_batch_size",
        "[1]",
        "`preferred_batch_size`",
    ),
    "no batch at all": ({"batching": {"max_batch_size": 0}}, "batching.max_batch_size", "0", "1"),
    "preferred sizes that fall": (
        {"batching": {"preferred_batch_size": [8, 4]}},
        "batching",
        "[8, 4]",
        "write `preferred_batch_size: [4, 8]`",
    ),
    "a preferred size above the largest": (
        {"batching": {"preferred_batch_size": [4, 16], "max_batch_size": 8}},
        "batching",
        "[4, 16]",
        "`max_batch_size: 16`",
    ),
    "a delay with a unit": (
        {"batching": {"max_queue_delay_microseconds": "1ms"}},
        "batching.max_queue_delay_microseconds",
        "1ms",
        "write `1000`",
    ),
    "a warm-up without inputs": (
        {"warm_up": {"inputs": {}}},
        "warm_up.inputs",
        "{}",
        "config.pbtxt",
    ),
    "a data type of another protocol": (
        warm_up(data_type="FP32"),
        "warm_up.inputs.x.data_type",
        '"FP32"',
        "write `TYPE_FP32`",
    ),
    "a dimension of any size": (warm_up(dims=[-1, 3]), "warm_up.inputs.x.dims[0]", "-1", "1"),
    "an input's unknown key": (warm_up(shape=[3]), "warm_up.inputs.x.shape", "[3]", "take"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_answered_with_key_value_and_fix(name: str) -> None:
    said, key, value, fix = MISTAKES[name]
    made = model(runtime="triton", **said)
    config, found = validate(stack_file(models={"m": made}))
    assert config is None
    assert [each.path for each in found] == [f"slipway:models.m.{key}"]
    assert value in (found[0].shown or "")
    assert fix in found[0].fix
    assert found[0].expected
