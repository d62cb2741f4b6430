"""Models behind the real Triton, through the gateway."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.checkout import Checkout
from tests.cluster.continuous_calls import HALF_PLUS_TWO

MODEL = "half_plus_two_triton"
SELECTOR = ("-n", "models", "-l", "app.kubernetes.io/instance=triton")
SERVICE = "inference.GRPCInferenceService"
#: Runs in the pod: posts to a path, with a variable's value as the header that Triton requires.
POST_INSIDE = """
import http.client, os, sys
call = http.client.HTTPConnection("localhost", 8000)
call.request("POST", "/" + sys.argv[1], "{}", {"slipway-pod": os.environ.get(sys.argv[2], "")})
print(call.getresponse().read().decode())
"""


def rest(checkout: Checkout, path: str, body: Any = None) -> tuple[int, Any]:
    """The gateway's status and answer for `path`. The method is POST if there is a body."""
    gateway = checkout.outputs()["gateway"]
    context = ssl.create_default_context(cadata=gateway["ca_certificate"])
    call = http.client.HTTPSConnection(gateway["host"], timeout=10)
    call.sock = context.wrap_socket(
        socket.create_connection((gateway["address"], 443), 10), server_hostname=gateway["host"]
    )
    call.request("GET" if body is None else "POST", path, body and json.dumps(body))
    answer = call.getresponse()
    text = answer.read()
    return answer.status, json.loads(text) if answer.status == 200 and text else text


def over_grpc(checkout: Checkout, *methods: str) -> dict[str, str]:
    """The gateway's status for each method."""
    outputs = checkout.root / ".slipway" / "called.json"
    outputs.write_text(json.dumps(checkout.outputs()))
    python = str(checkout.root / ".venv-client/bin/python")
    command = [python, "tests/cluster/call_methods.py", str(outputs), MODEL, *methods]
    statuses: dict[str, str] = json.loads(
        checkout.run(*command, env={"PYTHONPATH": str(checkout.root)}).stdout
    )
    return statuses


@pytest.mark.parametrize("protocol", ["grpc", "rest", "rest-binary"])
def test_the_model_answers_over_every_transport(dev: Checkout, protocol: str) -> None:
    assert dev.predict(MODEL, "1", "2", "5", protocol=protocol) == HALF_PLUS_TWO


@pytest.mark.parametrize("protocol", ["grpc", "rest", "rest-binary"])
def test_an_image_has_a_probability_for_each_class(
    dev: Checkout, tmp_path: Path, protocol: str
) -> None:
    image = [[[[(x * y + c) % 256 for x in range(32)] for y in range(32)] for c in range(3)]]
    (tmp_path / "image.json").write_text(json.dumps(image))
    options = ("--json", f"@{tmp_path / 'image.json'}", "--protocol", protocol, "--stack", "dev")
    (probabilities,) = json.loads(dev.client("predict", "cifar10", *options).stdout)
    assert len(probabilities) == 10
    assert sum(probabilities) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("model", [MODEL, "cifar10"])
def test_a_model_of_a_shared_server_is_checked_through_a_port_forward(
    dev: Checkout, model: str
) -> None:
    done = dev.client("check", model, "--stack", "dev")
    assert "open-inference-v2 over grpc" in done.stdout
    assert "service   models/triton-" in done.stdout


def test_methods_that_control_the_server_end_at_the_gateway(dev: Checkout) -> None:
    index = "v2/repository/index"
    pod = dev.kubectl("get", "pods", *SELECTOR, "-o", "jsonpath={.items[0].metadata.name}")
    inside = ("exec", "-n", "models", pod, "--", "python3", "-c", POST_INSIDE, index)
    assert MODEL in dev.kubectl(*inside, "POD_ID"), "the server has no repository API"
    assert "This API is restricted" in dev.kubectl(*inside, "HOME"), "it needs no pod id"
    assert rest(dev, f"/{MODEL}/v2/health/ready")[0] == 200
    for path in (
        index,
        f"v2/repository/models/{MODEL}/unload",
        "v2/logging",
        "v2/trace/setting",
        "v2/systemsharedmemory/region/a/register",
        "v2/models/cifar10/infer",
        f"v2/models/{MODEL}/%2e%2e/%2e%2e/repository/index",
        f"v2/models/{MODEL}/trace/setting",
    ):
        assert rest(dev, f"/{MODEL}/{path}", {})[0] in (400, 404), path
    routed = [f"{SERVICE}/{method}" for method in ("ServerLive", "ServerReady", "ServerMetadata")]
    refused = [
        f"{SERVICE}/{method}"
        for method in ("RepositoryIndex", "RepositoryModelUnload", "LogSettings", "TraceSetting")
    ]
    statuses = over_grpc(dev, *routed, *refused, "grpc.health.v1.Health/Check")
    assert {statuses[method] for method in routed} == {"OK"}
    assert statuses["grpc.health.v1.Health/Check"] == "OK"
    assert {statuses[method] for method in refused} == {"UNIMPLEMENTED"}
