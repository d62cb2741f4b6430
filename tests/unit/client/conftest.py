import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from client.cli import main
from tests.unit.client.fake_serving import (
    FakeServing,
    GrpcGateway,
    RestGateway,
    rest_metadata,
)
from tests.unit.client.fake_triton import FakeTriton

HOST = "models.localhost"
REST = "/half_plus_two/v1/models/half_plus_two"


@pytest.fixture(scope="session")
def ca() -> trustme.CA:
    return trustme.CA(organization_name="Slipway test")


@pytest.fixture(scope="session")
def leaf(ca: trustme.CA) -> trustme.LeafCert:
    return ca.issue_cert(HOST)


@pytest.fixture
def serving() -> FakeServing:
    return FakeServing()


@pytest.fixture
def start(serving: FakeServing) -> Iterator[Callable[..., GrpcGateway]]:
    """Starts a gRPC gateway with a certificate (None: without TLS) at a path prefix."""
    started: list[GrpcGateway] = []

    def run(leaf: trustme.LeafCert | None, prefix: str = "/half_plus_two") -> GrpcGateway:
        started.append(GrpcGateway(serving, leaf, prefix))
        return started[-1]

    yield run
    for gateway in started:
        gateway.stop()


@pytest.fixture
def gateway(start: Callable[..., GrpcGateway], leaf: trustme.LeafCert) -> GrpcGateway:
    return start(leaf)


@pytest.fixture
def rest(leaf: trustme.LeafCert) -> Iterator[RestGateway]:
    server = RestGateway(leaf)
    server.answers = {
        f"{REST}/metadata": (200, rest_metadata()),
        f"{REST}:predict": lambda body: (
            200,
            {"outputs": [x / 2 + 2 for x in body["inputs"]["x"]]},
        ),
    }
    yield server
    server.stop()


@pytest.fixture
def outputs(ca: trustme.CA, gateway: GrpcGateway, rest: RestGateway) -> dict[str, Any]:
    """The outputs of a stack with half_plus_two, as `pulumi stack output --json` prints them."""
    return {
        "endpoints": {
            "half_plus_two": {
                "runtime": "tfserving",
                "protocol": "tensorflow-serving",
                "grpc": {
                    "target": gateway.target,
                    "authority": HOST,
                    "path": "/half_plus_two",
                    "tls": True,
                },
                "rest": {"url": f"https://{HOST}{REST}:predict", "connect_to": rest.target},
            }
        },
        "gateway": {
            "address": "127.0.0.1",
            "host": HOST,
            "ca_certificate": ca.cert_pem.bytes().decode(),
        },
        "cluster": {"kind": "local", "name": "test"},
        "kubeconfig": "[secret]",
    }


@pytest.fixture
def triton() -> Iterator[FakeTriton]:
    server = FakeTriton()
    yield server
    server.stop()


@pytest.fixture
def triton_outputs(triton: FakeTriton) -> dict[str, Any]:
    """The outputs of a stack with `scorer`, without TLS and with the path prefix /scorer."""
    target, base = f"127.0.0.1:{triton.grpc_port}", f"http://127.0.0.1:{triton.http_port}/scorer"
    return {
        "endpoints": {
            "scorer": {
                "runtime": "triton",
                "protocol": "open-inference-v2",
                "grpc": {"target": target, "authority": target, "path": "/scorer", "tls": False},
                "rest": {"url": f"{base}/v2/models/scorer/infer", "connect_to": None},
            }
        },
        "gateway": {"address": "127.0.0.1", "host": HOST, "ca_certificate": None},
    }


@pytest.fixture
def run(outputs: dict[str, Any], tmp_path: Path) -> Callable[..., int]:
    """Runs a command with the fixture's outputs, including changes that a test made to them."""

    def command(name: str, *arguments: str) -> int:
        file = tmp_path / "outputs.json"
        file.write_text(json.dumps(outputs))
        return main([name, "--outputs", str(file), "--connect-timeout", "1", *arguments])

    return command
