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
    made = recording.one("HorizontalPodAutoscaler", "half-plus-two-autoscaler")
    assert "half-plus-two-server" in recording.needs(made)
    assert deployment(recording).inputs["spec"]["replicas"] == 2


def test_it_follows_the_cpu_where_the_stack_does_not_say_what() -> None:
    assert metrics(up({"max": 2})) == {"cpu": 80}
    assert metrics(up({"max": 2, "cpu": 70})) == {"cpu": 70}
    assert metrics(up({"max": 2, "memory": 60})) == {"memory": 60}
    assert metrics(up({"max": 2, "cpu": 70, "memory": 60})) == {"cpu": 70, "memory": 60}


def test_how_fast_it_moves_is_kubernetes_own_choice_unless_said() -> None:
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


def test_whoever_scales_owns_the_number_of_pods() -> None:
    scaled, fixed = deployment(up({"max": 2})), deployment(up(2))
    assert scaled.ignore_changes == ["spec.replicas"]
    assert scaled.replace_on_changes == []
    assert fixed.ignore_changes == []


def test_a_fixed_number_is_taken_back_by_a_new_deployment_beside_the_old_one() -> None:
    scaled, fixed = deployment(up({"max": 2})), deployment(up(2))
    before, after = dict(scaled.inputs["metadata"]), fixed.inputs["metadata"]
    assert before.pop("annotations")
    assert before == after
    assert fixed.replace_on_changes == ["metadata.annotations"]
    assert not fixed.delete_before_replace
    # Pods are the same: going from fixed to scaled starts none.
    assert scaled.inputs["spec"]["template"] == fixed.inputs["spec"]["template"]


def test_a_model_without_room_for_two_is_taken_back_with_an_interruption() -> None:
    assert deployment(up(2, surge=False)).delete_before_replace


def test_evictions_take_one_pod_at_a_time_however_many_there_are() -> None:
    budget = up({"min": 1, "max": 2}).one("PodDisruptionBudget").inputs["spec"]
    # Not by `minAvailable`, which would keep a single pod on its node for ever.
    assert budget["maxUnavailable"] == 1
    assert "minAvailable" not in budget
    assert up({"min": 1, "max": 1}).of("PodDisruptionBudget") == []


def test_a_volume_of_one_node_is_a_warning_where_pods_multiply() -> None:
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
    (made,) = recording.of("HorizontalPodAutoscaler")
    assert made.name == "numbers-autoscaler"
