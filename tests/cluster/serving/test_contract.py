"""Predictions of every runtime with every source that the local cluster has, fixed and scaled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest

from components import registry
from local.images.recipes import TENSORFLOW_SERVING, TRITON
from tests.cluster.checkout import Checkout
from tests.cluster.continuous_calls import HALF_PLUS_TWO
from tests.cluster.serving.buckets import Buckets
from tests.cluster.serving.sources import (
    NAMESPACE,
    gcs,
    image,
    image_volume,
    pvc,
    s3,
    up,
)

Source = Callable[[str], dict[str, Any]]
Served = Callable[[str, Source], dict[str, Any]]


def tfserving(_: str, source: Source) -> dict[str, Any]:
    return {"source": source("half_plus_two")}


def triton(_: str, source: Source) -> dict[str, Any]:
    return {"image": TRITON, "source": source("triton/half_plus_two")}


def custom(name: str, source: Source) -> dict[str, Any]:
    """TF Serving as a custom server: the program knows only these options of it."""
    flags = {
        "port": 8500,
        "rest_api_port": 8501,
        "model_name": name,
        "model_base_path": "/mnt/models",
    }
    return {
        "image": TENSORFLOW_SERVING,
        "protocol": "tensorflow-serving",
        "ports": {"grpc": flags["port"], "rest": flags["rest_api_port"]},
        "health": {"path": "/v1/models/{model}/metadata"},
        "command": ["tensorflow_model_server"],
        "args": [f"--{flag}={value}" for flag, value in flags.items()],
        "source": source("half_plus_two"),
    }


#: How each runtime serves half_plus_two.
RUNTIMES: dict[str, Served] = {"custom": custom, "tfserving": tfserving, "triton": triton}
#: Without NFS, which has no server here, and OSS, which has no emulator.
SOURCES: dict[str, Source] = {
    "pvc": pvc,
    "s3": s3,
    "gcs": gcs,
    "image": image,
    "image_volume": image_volume,
}
SCALING: dict[str, Any] = {"fixed": 1, "scaled": {"min": 1, "max": 2, "memory": 1000}}


def test_every_runtime_is_served() -> None:
    assert sorted(RUNTIMES) == registry.RUNTIMES.kinds()


def models(runtime: str) -> dict[str, Any]:
    by_name: dict[str, Any] = {}
    for (source, make), (scaling, replicas) in product(SOURCES.items(), SCALING.items()):
        name = f"{runtime}_{source}_{scaling}"
        server = RUNTIMES[runtime](name, make)
        by_name[name] = {"runtime": runtime, "replicas": replicas, **server}
    return by_name


@pytest.fixture(scope="module", params=RUNTIMES)
def served(request: pytest.FixtureRequest, dev: Checkout, filled: Buckets) -> Iterator[str]:
    """A runtime, all models of which are served beside the dev stack's."""
    up(dev, models(request.param))
    yield request.param
    up(dev, {})


@pytest.mark.parametrize("protocol", ["grpc", "rest"])
@pytest.mark.parametrize("scaling", SCALING)
@pytest.mark.parametrize("source", SOURCES)
def test_a_model_from_anywhere_answers_through_the_gateway(
    dev: Checkout, served: str, source: str, scaling: str, protocol: str
) -> None:
    name = f"{served}_{source}_{scaling}"
    assert dev.predict(name, "1", "2", "5", protocol=protocol) == HALF_PLUS_TWO


def test_a_second_up_changes_none_of_them_and_the_scaled_ones_have_an_autoscaler(
    dev: Checkout, served: str
) -> None:
    again = ("--yes", "--skip-preview", "--expect-no-changes", "--stack", "dev")
    dev.pulumi("up", *again)
    names = dev.kubectl("get", *NAMESPACE, "horizontalpodautoscalers", "-o", "name")
    assert names.count(f"/{served}-") == len(SOURCES)
