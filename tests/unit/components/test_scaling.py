"""Models whose number of pods an autoscaler decides."""

from __future__ import annotations

from typing import Any

import pytest

from components.config.load import load
from components.stack import deploy
from tests.unit.components.engine import Recording, Resource, run
from tests.unit.components.environment import model, stack_file

MANY_NODES = {"models": {"size": "1Gi", "access_mode": "ReadWriteMany"}}


def up(replicas: Any, *, volumes: Any = MANY_NODES, **changes: Any) -> Recording:
    models = {"half_plus_two": model(replicas=replicas, **changes)}
    return run(lambda: deploy(load()), stack_file(models=models, volumes=volumes))


def deployment(recording: Recording) -> Resource:
    return recording.one("Deployment", "half-plus-two-server")


def autoscaler(recording: Recording) -> dict[str, Any]:
    spec: dict[str, Any] = recording.one("HorizontalPodAutoscaler").inputs["spec"]
    return spec


def metrics(recording: Recording) -> dict[str, int]:
    return {
        each["resource"]["name"]: each["resource"]["target"]["averageUtilization"]
        for each in autoscaler(recording)["metrics"]
    }


@pytest.mark.parametrize("replicas", [1, 3, {"min": 3}, {"min": 3, "max": 3}])
def test_a_fixed_number_has_no_autoscaler_and_needs_no_metrics(replicas: Any) -> None:
    recording = up(replicas)
    least = replicas if isinstance(replicas, int) else 3
    assert deployment(recording).inputs["spec"]["replicas"] == least
    assert recording.of("HorizontalPodAutoscaler") == []
    assert recording.of("APIService") == []


def test_an_autoscaler_moves_the_deployment_between_least_and_most() -> None:
    recording = up({"min": 2, "max": 5})
    spec = autoscaler(recording)
    assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 5)
    assert spec["scaleTargetRef"] == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": "half-plus-two-server-1a2b3c4d",
    }
    hpa = recording.one("HorizontalPodAutoscaler", "half-plus-two-autoscaler")
    assert "half-plus-two-server" in recording.needs(hpa)
    assert deployment(recording).inputs["spec"]["replicas"] == 2


def test_it_scales_by_cpu_unless_the_stack_file_names_a_metric() -> None:
    assert metrics(up({"max": 2})) == {"cpu": 80}
    assert metrics(up({"max": 2, "cpu": 70})) == {"cpu": 70}
    assert metrics(up({"max": 2, "memory": 60})) == {"memory": 60}
    assert metrics(up({"max": 2, "cpu": 70, "memory": 60})) == {"cpu": 70, "memory": 60}


def test_its_behavior_is_kubernetes_default_unless_the_stack_file_sets_it() -> None:
    assert "behavior" not in autoscaler(up({"max": 2}))
    policies = [{"type": "Percent", "value": 50, "period_seconds": 60}]
    rules = {"stabilization_window_seconds": 0, "select_policy": "Min", "policies": policies}
    assert autoscaler(up({"max": 2, "scale_down": rules}))["behavior"] == {
        "scaleDown": {
            "stabilizationWindowSeconds": 0,
            "selectPolicy": "Min",
            "policies": [{"type": "Percent", "value": 50, "periodSeconds": 60}],
        }
    }
    assert autoscaler(up({"max": 2, "scale_up": {"select_policy": "Disabled"}}))["behavior"] == {
        "scaleUp": {"selectPolicy": "Disabled"}
    }


def test_pulumi_ignores_the_number_of_pods_while_an_autoscaler_owns_it() -> None:
    scaled, fixed = deployment(up({"max": 2})), deployment(up(2))
    assert scaled.ignore_changes == ["spec.replicas"]
    assert scaled.replace_on_changes == []
    assert fixed.ignore_changes == []


def test_a_return_to_a_fixed_number_replaces_the_deployment_while_the_old_one_serves() -> None:
    scaled, fixed = deployment(up({"max": 2})), deployment(up(2))
    before, after = dict(scaled.inputs["metadata"]), fixed.inputs["metadata"]
    assert before.pop("annotations")
    assert before == after
    assert fixed.replace_on_changes == ["metadata.annotations"]
    assert not fixed.delete_before_replace
    # The template is the same, so a change from fixed to scaled starts no pods.
    assert scaled.inputs["spec"]["template"] == fixed.inputs["spec"]["template"]


def test_a_return_to_a_fixed_number_without_surge_deletes_the_deployment_first() -> None:
    assert deployment(up(2, surge=False)).delete_before_replace


def test_evictions_take_one_pod_at_a_time_whatever_their_number() -> None:
    budget = up({"min": 1, "max": 2}).one("PodDisruptionBudget").inputs["spec"]
    # `minAvailable` would keep a single pod on its node for ever.
    assert budget["maxUnavailable"] == 1
    assert "minAvailable" not in budget
    assert up({"min": 1, "max": 1}).of("PodDisruptionBudget") == []


def test_a_volume_of_one_node_is_a_warning_for_a_model_that_scales() -> None:
    one_node = {"models": {"size": "1Gi"}}
    recording = up({"max": 4}, volumes=one_node)
    (warning,) = recording.warnings
    assert warning.startswith("slipway:models.half_plus_two.replicas: ")
    assert "all 4 pods have to find room on one node" in warning
    assert recording.of("PodDisruptionBudget") == []
    assert up({"max": 4}).warnings == []
    assert up(4, volumes=one_node).warnings == []


@pytest.mark.parametrize(
    ("target", "limits", "warned"),
    [
        ({"cpu": 200}, {"cpu": "200m"}, "cpu: 200 % of the request (100m)"),
        ({"cpu": 199}, {"cpu": "200m"}, None),
        ({"memory": 600}, {"memory": "1536Mi"}, "memory: 600 % of the request (256Mi)"),
        ({"memory": 80}, {"memory": "1536Mi"}, None),
    ],
)
def test_a_target_above_what_a_pod_may_use_is_a_warning(
    target: dict[str, int], limits: dict[str, str], warned: str | None
) -> None:
    warnings = up({"max": 2, **target}, resources={"limits": limits}).warnings
    if warned is None:
        assert warnings == []
    else:
        (warning,) = warnings
        assert warning.startswith(f"slipway:models.half_plus_two.replicas.{warned}")


def test_a_shared_server_has_one_autoscaler() -> None:
    models = {
        "a": model(server="numbers", replicas={"max": 3}),
        "b": model(server="numbers"),
    }
    recording = run(lambda: deploy(load()), stack_file(models=models))
    (hpa,) = recording.of("HorizontalPodAutoscaler")
    assert hpa.name == "numbers-autoscaler"
