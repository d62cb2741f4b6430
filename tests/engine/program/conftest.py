"""The program, and clusters for it that exist."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.apiserver import ApiServer
from tests.engine.program.controllers import give_address
from tests.engine.program.door import Door, door
from tests.engine.program.program import Program
from tests.engine.program.shown import make_namespaces

MODEL = {
    "runtime": "tfserving",
    "source": {"kind": "pvc", "claim": "models", "path": "half_plus_two"},
}
Make = Callable[..., Program]


@pytest.fixture
def program(pulumi_home: Path, tmp_path: Path) -> Make:
    """Makes a copy of the program; `kubeconfig` is what $KUBECONFIG names."""

    def make(kubeconfig: Path | None = None, stack: str = "test") -> Program:
        made = Program(tmp_path / uuid.uuid4().hex[:6], pulumi_home, kubeconfig, stack)
        made.init()
        return made

    return make


@pytest.fixture(scope="session")
def restricted(cluster: ApiServer) -> ApiServer:
    """The API server with the stack's namespaces."""
    make_namespaces(cluster)
    return cluster


@pytest.fixture
def entrance(cluster: ApiServer) -> Iterator[Door]:
    """A way to the cluster that counts connections."""
    with door(cluster.url) as made:
        yield made


def two_contexts(cluster: ApiServer, path: Path, server: str) -> Path:
    """A kubeconfig whose context `chosen` is at `server`; its current context leads nowhere."""
    document = json.loads(cluster.kubeconfig.read_text())
    (reached,) = document["clusters"]
    reached["cluster"]["server"] = server
    document["clusters"].append({"name": "other", "cluster": {"server": "https://127.0.0.1:1"}})
    document["contexts"] = [
        {"name": "chosen", "context": {"cluster": reached["name"], "user": "test"}},
        {"name": "other", "context": {"cluster": "other", "user": "test"}},
    ]
    document["current-context"] = "other"
    path.write_text(json.dumps(document))
    return path


def present_gateway(cluster: ApiServer, namespace: str, **changes: Any) -> dict[str, Any]:
    """Options of a gateway whose controller is in `namespace` already, and has an address."""
    ports = [{"name": "https", "port": 443}]
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "ingress", "namespace": namespace},
        "spec": {"type": "LoadBalancer", "ports": ports},
    }
    cluster.kubectl("create", "-f", "-", stdin=json.dumps(service))
    give_address(cluster, f"{namespace}/ingress")
    controller = {"kind": "present", "namespace": namespace, "service": "ingress"}
    return {"kind": "nginx", "controller": controller, "host": "models.example.com", **changes}
