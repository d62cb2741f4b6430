"""A model that leaves a shared server, or joins it, while all of its models are called."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cluster.checkout import Checkout
from tests.cluster.continuous_calls import HALF_PLUS_TWO, calling_continuously
from tests.cluster.serving.sources import pvc, up

#: Triton is the dev stack's release.
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


def with_endpoint(checkout: Checkout, model: str, like: str) -> dict[str, Any]:
    """The outputs, with an endpoint of `model`, which is not deployed yet."""
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
        calling_continuously(changed, "stays") as stays,
        calling_continuously(changed, "leaves") as leaves,
    ):
        printed = up(changed, members(runtime, "stays"))
    print(printed, stays, leaves)
    for way in ("grpc", "rest"):
        assert stays[way]["outcomes"] == ["answered"], stays[way]
        assert leaves[way]["outcomes"] == ["answered", "no route"], leaves[way]
        assert min(stays[way]["calls"], leaves[way]["calls"]) > 100
    changed.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes", "--stack", "dev")
    selector = ("-n", "models", "-l", "app.kubernetes.io/instance=numbers", "-o", "name")
    assert len(changed.kubectl("get", "deployments,services", *selector).split()) == 2

    outputs = with_endpoint(changed, "joins", "stays")
    with (
        calling_continuously(changed, "stays") as stays,
        calling_continuously(changed, "joins", outputs=outputs, begin="routeless") as joins,
    ):
        printed = up(changed, members(runtime, "stays", "joins"))
        assert changed.first_answer("joins", "1", "2", "5", stack="dev") == HALF_PLUS_TWO
    print(printed, stays, joins)
    deployment = [line for line in printed.splitlines() if "Deployment numbers-server" in line]
    assert "replac" not in " ".join(deployment), "a model that joins replaced the Deployment"
    for way in ("grpc", "rest"):
        assert stays[way]["outcomes"] == ["answered"], stays[way]
        assert joins[way]["outcomes"] == ["no route", "answered"], joins[way]
