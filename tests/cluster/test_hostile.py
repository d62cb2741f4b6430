"""Hostile requests to the gateway: neither the gateway nor a server may end, and the models still
answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from components.config.quantities import byte_count
from components.protocols import OPEN_INFERENCE_V2, TENSORFLOW_SERVING, ServingProtocol
from tests.cluster.checkout import Checkout
from tests.cluster.continuous_calls import HALF_PLUS_TWO

TF, TRITON = "half_plus_two", "half_plus_two_triton"
INFER = "/inference.GRPCInferenceService/ModelInfer"
PREDICT = "/tensorflow.serving.PredictionService/Predict"
GRPC = {TF: PREDICT, TRITON: INFER}
REST = {TF: f"v1/models/{TF}:predict", TRITON: f"v2/models/{TRITON}/infer"}
MEBIBYTE = 2**20
LARGEST = 64 * MEBIBYTE


@dataclass(frozen=True)
class Pod:
    """A pod; `peak` and `limit` are the memory of all its containers in bytes."""

    restarts: int
    peak: int
    limit: int


def pods(dev: Checkout) -> dict[str, Pod]:
    """The pods of the gateway and the models, by name."""
    by_name = {}
    for pod in json.loads(dev.kubectl("get", "pods", "-A", "-o", "json"))["items"]:
        if pod["metadata"]["namespace"] not in ("models", "slipway-gateway"):
            continue
        group = f"slipway-{dev.cluster_name}/kubepods/*/pod{pod['metadata']['uid']}"
        files = [
            memory
            for place in (f"memory/{group}/memory.max_usage_in_bytes", f"{group}/memory.peak")
            for memory in Path("/sys/fs/cgroup").glob(place)
        ]
        limits = pod["spec"]["containers"][0]["resources"]["limits"]["memory"]
        by_name[pod["metadata"]["name"]] = Pod(
            restarts=sum(each["restartCount"] for each in pod["status"]["containerStatuses"]),
            peak=int(files[0].read_text()),
            limit=byte_count(limits),
        )
    return by_name


@pytest.fixture
def unharmed(dev: Checkout) -> Iterator[None]:
    """Checks after the test that no pod restarted or was replaced, and that all models answer."""
    before = pods(dev)
    yield
    after = pods(dev)
    print()
    for name, pod in after.items():
        print(
            f"{name:<60} memory: peak {before[name].peak >> 20} -> {pod.peak >> 20} of "
            f"{pod.limit >> 20} MiB, restarts {before[name].restarts} -> {pod.restarts}"
        )
    assert {name: pod.restarts for name, pod in after.items()} == {
        name: pod.restarts for name, pod in before.items()
    }
    for model in (TF, TRITON):
        assert dev.predict(model, "1", "2", "5") == HALF_PLUS_TWO


pytestmark = pytest.mark.usefixtures("unharmed")


def attack(dev: Checkout, name: str, *arguments: str) -> Any:
    outputs = dev.root / ".slipway" / "attacked.json"
    outputs.write_text(json.dumps(dev.outputs()))
    python = str(dev.root / ".venv-client/bin/python")
    command = [python, "tests/cluster/attacks.py", str(outputs), name, *arguments]
    return json.loads(dev.run(*command, env={"PYTHONPATH": str(dev.root)}).stdout)


def test_nobody_reloads_the_models_of_tensorflow_serving(dev: Checkout) -> None:
    reload = "/tensorflow.serving.ModelService/HandleReloadConfigRequest"
    assert attack(dev, "method", TF, reload, "0a020a00") == "UNIMPLEMENTED 404"


@pytest.mark.parametrize(
    ("model", "protocol"), [(TF, TENSORFLOW_SERVING), (TRITON, OPEN_INFERENCE_V2)]
)
def test_methods_that_are_not_routed_end_at_the_gateway(
    dev: Checkout, model: str, protocol: ServingProtocol
) -> None:
    refused = [
        f"/{service.name}/{method}"
        for service in protocol.grpc
        for method in (*service.refused, *service.streamed)
    ]
    assert attack(dev, "methods", model, *refused) == dict.fromkeys(refused, "UNIMPLEMENTED 404")
    for path in protocol.rest_refused:
        answer = attack(dev, "posted", model, path.format(model=model), "{}")
        assert answer["line"].startswith("HTTP/1.1 404"), path


def test_a_version_is_a_number(dev: Checkout) -> None:
    path = f"v2/models/{TRITON}/versions/..%2f..%2frepository%2findex"
    assert attack(dev, "posted", TRITON, path, "{}")["line"].startswith("HTTP/1.1 40")


@pytest.mark.parametrize("model", [TF, TRITON])
@pytest.mark.parametrize("size", [LARGEST + 1, 700 * MEBIBYTE, 1500 * MEBIBYTE])
def test_a_message_above_the_limit_ends_at_the_gateway(
    dev: Checkout, model: str, size: int
) -> None:
    assert attack(dev, "method", model, GRPC[model], "", str(size)) == "UNKNOWN 413"
    if size < 1000 * MEBIBYTE:
        assert attack(dev, "sized", model, REST[model], str(size))["line"].startswith(
            "HTTP/1.1 413"
        )


@pytest.mark.parametrize("model", [TF, TRITON])
def test_a_message_of_the_limit_reaches_the_server(dev: Checkout, model: str) -> None:
    status = attack(dev, "method", model, GRPC[model], "", str(LARGEST))
    assert status in ("INTERNAL", "INVALID_ARGUMENT"), "the server says that it is no request"
    line = attack(dev, "sized", model, REST[model], str(LARGEST))["line"]
    assert line.split()[1] in ("400", "500"), "Triton's answer to no JSON was 500 until 25.05"


def test_numbers_in_json_of_the_largest_size_fit_the_server(dev: Checkout) -> None:
    attack(dev, "posted", TF, REST[TF], '{"inputs":[{ones}]}', str(LARGEST))
    shape = (LARGEST - 80) // 2
    tensor = f'"name":"x","shape":[{shape}],"datatype":"FP32","data":[{{ones}}]'
    body = f'{{"inputs":[{{{tensor}}}]}}'
    attack(dev, "posted", TRITON, REST[TRITON], body, str(LARGEST))


@pytest.mark.parametrize("model", [TF, TRITON])
@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_compressed_body_is_refused_before_it_is_inflated(
    dev: Checkout, model: str, coding: str
) -> None:
    answer = attack(dev, "inflating", model, REST[model], coding)
    assert answer["line"] == "HTTP/1.1 415 Unsupported Media Type"
    assert attack(dev, "method", model, GRPC[model], "", "1000", "gzip") == "UNKNOWN 415"


def test_headers_above_the_limit_are_not_held(dev: Checkout) -> None:
    ended = attack(dev, "withheld", TRITON, INFER, "3", "240", "900000", "100")
    assert ended == {"UNAVAILABLE": 720}


def test_full_connections_fit_the_memory_of_the_gateway(dev: Checkout) -> None:
    attack(dev, "withheld", TRITON, INFER, "32", "128", "14000", "16000")


def test_bodies_that_never_end_fill_the_spool_and_nothing_else(dev: Checkout) -> None:
    ended = attack(dev, "withheld", TRITON, INFER, "2", "12", "0", "63000000")
    assert set(ended) <= {"UNKNOWN 500"}, "the spool is full"


def test_a_shape_without_its_data_is_refused(dev: Checkout) -> None:
    assert attack(dev, "filled", TF, str(10**8)).startswith("INVALID_ARGUMENT")


MALFORMED = [
    r"Content-Length: 5\r\nContent-Length: 6",
    r"Content-Length: +5",
    r"Content-Length: 5,5",
    r"Content-Length: 0x5",
    r"Transfer-Encoding: xchunked",
    r"Transfer-Encoding : chunked",
    r"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    r"Transfer-Encoding:\x0bchunked",
    r"Content-Length: 5 \r\nTransfer-Encoding: identity",
    r"X-\x01: 1",
    r"X-A: b\x00c",
    r"X-A: b\rc",
    r" X: 1",
    r": x",
]


@pytest.mark.parametrize("header", MALFORMED)
def test_a_malformed_request_is_refused_and_its_connection_closed(
    dev: Checkout, header: str
) -> None:
    request = (
        rf"POST /{TF}/{REST[TF]} HTTP/1.1\r\nHost: models.localhost\r\n{header}\r\n\r\n0\r\n\r\n"
    )
    answer = attack(dev, "spelled", request)
    assert answer["line"].split()[1] in ("400", "501"), answer
    assert answer["closed"]
