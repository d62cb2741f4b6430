"""The pod template that all workloads of a stack share."""

from __future__ import annotations

from typing import Any

import pytest

from components.config.load import load
from components.stack import deploy
from tests.unit.components.engine import Recording, run
from tests.unit.components.environment import model, stack_file


@pytest.fixture
def recording() -> Recording:
    config = stack_file(models={"m": model(replicas={"max": 3})})
    return run(lambda: deploy(load()), config)


def templates(recording: Recording) -> list[dict[str, Any]]:
    found = [each.inputs["spec"]["template"] for each in recording.of("Deployment")]
    assert len(found) == 3, "of the model, the gateway and metrics-server"
    return found


def test_pods_spread_over_zones_and_then_over_nodes_where_there_is_room(
    recording: Recording,
) -> None:
    for template in templates(recording):
        spread = template["spec"]["topologySpreadConstraints"]
        assert [each["topologyKey"] for each in spread] == [
            "topology.kubernetes.io/zone",
            "kubernetes.io/hostname",
        ]
        for each in spread:
            assert (each["maxSkew"], each["whenUnsatisfiable"]) == (1, "ScheduleAnyway")
            chosen = each["labelSelector"]["matchLabels"]
            assert chosen
            assert chosen.items() <= template["metadata"]["labels"].items()


def test_a_pod_may_finish_its_longest_call_after_it_has_left_its_service(
    recording: Recording,
) -> None:
    for template in templates(recording):
        (server,) = template["spec"]["containers"]
        drain = server["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert drain > 0
        assert template["spec"]["terminationGracePeriodSeconds"] > drain
