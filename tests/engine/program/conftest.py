"""Copies of the program, and existing clusters for them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.apiserver import ApiServer
from tests.engine.program.controllers import give_address
from tests.engine.program.counting_proxy import CountingProxy, counting_proxy
from tests.engine.program.dry_run import make_namespaces
from tests.engine.program.program import Program

MODEL = {
    "runtime": "tfserving",
    "source": {"kind": "pvc", "claim": "models", "path": "half_plus_two"},
}
Make = Callable[..., Program]


@pytest.fixture
def program(pulumi_home: Path, tmp_path: Path) -> Make:
    """Creates copies of the program. `kubeconfig` is the value of $KUBECONFIG."""

    def make(kubeconfig: Path | None = None, stack: str = "test") -> Program:
        copy = Program(tmp_path / uuid.uuid4().hex[:6], pulumi_home, kubeconfig, stack)
        copy.init()
        return copy

    return make


@pytest.fixture(scope="session")
def restricted(cluster: ApiServer) -> ApiServer:
    """The API server with namespaces that warn of all that is not *restricted*."""
    make_namespaces(cluster)
    return cluster


@pytest.fixture
def proxy(cluster: ApiServer) -> Iterator[CountingProxy]:
    """A proxy in front of the cluster, which counts connections."""
    with counting_proxy(cluster.url) as counting:
        yield counting


def two_contexts(cluster: ApiServer, path: Path, server: str) -> Path:
    """A kubeconfig whose context `chosen` is for `server`. Its current context has no server."""
    document = json.loads(cluster.kubeconfig.read_text())
    (cluster_entry,) = document["clusters"]
    cluster_entry["cluster"]["server"] = server
    document["clusters"].append({"name": "other", "cluster": {"server": "https://127.0.0.1:1"}})
    document["contexts"] = [
        {"name": "chosen", "context": {"cluster": cluster_entry["name"], "user": "test"}},
        {"name": "other", "context": {"cluster": "other", "user": "test"}},
    ]
    document["current-context"] = "other"
    path.write_text(json.dumps(document))
    return path


def present_gateway(cluster: ApiServer, namespace: str, **changes: Any) -> dict[str, Any]:
    """Options of a gateway whose controller exists in `namespace`, and has an address."""
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
