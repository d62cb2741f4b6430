"""A model that leaves a shared server, or joins it, while all of its models are called."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cluster.asked import HALF_PLUS_TWO, asked_all_the_time
from tests.cluster.checkout import Checkout
from tests.cluster.serving.sources import pvc, up

#: Triton in the release of the dev stack.
SERVERS: dict[str, dict[str, Any]] = {
    "tfserving": {"runtime": "tfserving", "source": pvc("half_plus_two"), "replicas": 2},
    "triton": {
        "runtime": "triton",
        "image": "nvcr.io/nvidia/tritonserver:24.10-py3",
        "source": pvc("triton/half_plus_two"),
    },
}


def members(runtime: str, *names: str) -> dict[str, Any]:
    options = {**SERVERS[runtime], "server": "numbers", "startup_timeout": "2m"}
    return {name: options for name in names}


def coming(checkout: Checkout, model: str, like: str) -> dict[str, Any]:
    """The outputs, with the endpoint of a model that is not there yet."""
    outputs = checkout.outputs()
    endpoint = json.dumps(outputs["endpoints"][like]).replace(like, model)
    outputs["endpoints"][model] = json.loads(endpoint)
    return outputs


@pytest.mark.parametrize("runtime", SERVERS)
def test_a_route_goes_before_its_model_and_comes_after_it(changed: Checkout, runtime: str) -> None:
    up(changed, members(runtime, "stays", "leaves"))
    for model in ("stays", "leaves"):
        changed.first_answer(model, "1", "2", "5", stack="dev")
    with (
        asked_all_the_time(changed, "stays") as stays,
        asked_all_the_time(changed, "leaves") as leaves,
    ):
        printed = up(changed, members(runtime, "stays"))
    print(printed, stays, leaves)
    for way in ("grpc", "rest"):
        assert stays[way]["outcomes"] == ["answered"], stays[way]
        assert leaves[way]["outcomes"] == ["answered", "no route"], leaves[way]
        assert min(stays[way]["calls"], leaves[way]["calls"]) > 100
    changed.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes", "--stack", "dev")
    of_the_server = ("-n", "models", "-l", "app.kubernetes.io/instance=numbers", "-o", "name")
    assert len(changed.kubectl("get", "deployments,services", *of_the_server).split()) == 2

    outputs = coming(changed, "joins", "stays")
    with (
        asked_all_the_time(changed, "stays") as stays,
        asked_all_the_time(changed, "joins", outputs=outputs, begin="routeless") as joins,
    ):
        printed = up(changed, members(runtime, "stays", "joins"))
        assert changed.first_answer("joins", "1", "2", "5", stack="dev") == HALF_PLUS_TWO
    print(printed, stays, joins)
    made_anew = [line for line in printed.splitlines() if "Deployment numbers-server" in line]
    assert "replac" not in " ".join(made_anew), "a model that joins needs no second set of pods"
    for way in ("grpc", "rest"):
        assert stays[way]["outcomes"] == ["answered"], stays[way]
        assert joins[way]["outcomes"] == ["no route", "answered"], joins[way]
