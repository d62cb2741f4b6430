"""`kind: existing` on a real API server: a stack's objects, its outputs and its removal."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.apiserver import ApiServer, api_server
from tests.engine.program.conftest import MODEL, Make, present_gateway, two_contexts
from tests.engine.program.controllers import ADDRESS, controllers
from tests.engine.program.program import Program

_SCOPED = "namespaces,ingressclasses,clusterroles,clusterrolebindings,persistentvolumes"
_PASSWORD = "swordfish-pull"


@pytest.fixture
def deployed(
    cluster: ApiServer, pulumi_home: Path, tmp_path: Path
) -> Iterator[tuple[Program, str]]:
    """A deployed stack with one model, by a kubeconfig's path and one of its contexts."""
    kubeconfig = two_contexts(cluster, tmp_path / "kubeconfig", cluster.url)
    edge, served = (f"t{uuid.uuid4().hex[:8]}" for _ in range(2))
    cluster.kubectl("create", "namespace", edge)
    login = ("docker-registry", "login", "--docker-server=registry.example.com")
    user = ("--docker-username=reader", f"--docker-password={_PASSWORD}")
    cluster.kubectl("create", "secret", *login, *user, "-n", edge)
    stack = Program(tmp_path / "program", pulumi_home)
    stack.init()
    stack.write(
        {
            "cluster": {
                "kind": "existing",
                "kubeconfig": str(kubeconfig),
                "context": "chosen",
                "name": "production",
            },
            "gateway": present_gateway(cluster, edge),
            "namespace": served,
            "images": {"pull_secrets": [{"name": "login", "namespace": edge}]},
            "volumes": {"models": {"size": "1Gi"}},
            "models": {"half_plus_two": MODEL},
        }
    )
    with controllers(cluster, served):
        stack.up()
        yield stack, served


def test_a_stack_on_one_context_of_a_kubeconfig_is_complete_and_hides_its_secrets_and_is_settled(
    deployed: tuple[Program, str], cluster: ApiServer
) -> None:
    stack, namespace = deployed
    _has_every_object(cluster, namespace)
    _shows_the_public_interface(stack.outputs())
    _hides_its_secrets(stack, cluster, namespace)
    assert set(stack.up("--expect-no-changes").counts()) == {"unchanged"}
    assert set(stack.refresh("--expect-no-changes").counts()) == {"unchanged"}
    _is_settled_in_another_backend(stack)
    _stays_where_its_new_namespace_is_refused(stack, cluster, namespace)


def _stays_where_its_new_namespace_is_refused(
    stack: Program, cluster: ApiServer, namespace: str
) -> None:
    (before,) = cluster.get("deployments", "-n", namespace)["items"]
    taken = f"{namespace}-taken"
    cluster.kubectl("create", "namespace", taken)
    stack.change(namespace=taken)
    refused = stack.up(check=False)
    assert refused.code != 0
    assert f"namespace `{taken}` exists already" in refused.diagnostics()
    (after,) = cluster.get("deployments", "-n", namespace)["items"]
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert "deletionTimestamp" not in after["metadata"]


def _is_settled_in_another_backend(stack: Program) -> None:
    """A state that is moved still describes the objects, so nothing is replaced."""
    moved = stack.directory / "moved.json"
    stack.pulumi("stack", "export", "--file", str(moved))
    stack.pulumi("stack", "rm", "--yes", "--force", "--preserve-config")
    stack.init()
    stack.pulumi("stack", "import", "--file", str(moved))
    assert set(stack.up("--expect-no-changes").counts()) == {"unchanged"}


def _has_every_object(cluster: ApiServer, namespace: str) -> None:
    kinds = "deployments,services,configmaps,persistentvolumeclaims,ingresses,secrets"
    found = [each["kind"] for each in cluster.get(kinds, "-n", namespace)["items"]]
    assert {kind: found.count(kind) for kind in set(found)} == {
        "Deployment": 1,
        "Service": 1,
        "ConfigMap": 1,
        "PersistentVolumeClaim": 1,
        "Ingress": 2,
        "Secret": 2,  # of the gateway's certificate, and of the registry
    }


def _shows_the_public_interface(outputs: dict[str, Any]) -> None:
    assert "-----BEGIN CERTIFICATE-----" in outputs["gateway"].pop("ca_certificate")
    assert outputs["gateway"].pop("message_bytes") == 64 * 1024 * 1024
    assert outputs["gateway"].pop("deadline_seconds") == 90
    assert json.loads(outputs.pop("kubeconfig"))["current-context"] == "chosen"
    assert outputs == {
        "endpoints": {
            "half_plus_two": {
                "runtime": "tfserving",
                "protocol": "tensorflow-serving",
                "grpc": {
                    "target": f"{ADDRESS}:443",
                    "authority": "models.example.com",
                    "path": "/half_plus_two",
                    "tls": True,
                },
                "rest": {
                    "url": "https://models.example.com/half_plus_two/v1/models/half_plus_two:predict",
                    "connect_to": f"{ADDRESS}:443",
                },
            }
        },
        "gateway": {"address": ADDRESS, "host": "models.example.com"},
        "cluster": {"kind": "existing", "name": "production"},
    }


def _hides_its_secrets(stack: Program, cluster: ApiServer, namespace: str) -> None:
    secrets = {
        each["type"]: each["data"] for each in cluster.get("secrets", "-n", namespace)["items"]
    }
    key = secrets["kubernetes.io/tls"]["tls.key"]
    login = secrets["kubernetes.io/dockerconfigjson"][".dockerconfigjson"]
    shown = stack.pulumi("stack", "output", "--json").text
    assert json.loads(shown)["kubeconfig"] == "[secret]"
    for hidden in (_token(cluster), key[40:120], login, _PASSWORD):
        assert hidden not in stack.state_text()
        assert hidden not in shown


def _token(cluster: ApiServer) -> str:
    (user,) = json.loads(cluster.kubeconfig.read_text())["users"]
    return str(user["user"]["token"])


def _objects(cluster: ApiServer) -> set[str]:
    """The cluster-scoped objects."""
    return set(cluster.kubectl("get", _SCOPED, "-o", "name").split())


@pytest.fixture
def own_cluster(tmp_path: Path) -> Iterator[ApiServer]:
    """A control plane that no other test uses, since a gateway's namespaces have fixed names."""
    with api_server(tmp_path) as server:
        yield server


def test_a_stack_by_a_secret_kubeconfig_is_created_and_destroyed_without_leftovers(
    program: Make, own_cluster: ApiServer
) -> None:
    cluster = own_cluster
    before = _objects(cluster)
    stack = program()
    stack.write(
        {
            "cluster": {"kind": "existing", "kubeconfig": {"secret": "theirs"}},
            "gateway": {"kind": "nginx", "controller": "traefik", "host": "models.example.com"},
            "volumes": {"models": {"size": "1Gi"}},
            "models": {},
        }
    )
    whole = json.loads(cluster.kubeconfig.read_text())
    authority = whole["clusters"][0]["cluster"]["certificate-authority"]
    text = json.dumps(whole).replace(authority, str(Path(authority).resolve()))
    stack.pulumi("config", "set", "--path", "--secret", "secrets.theirs", text)
    stack.preview()
    assert _objects(cluster) == before
    _refuses_an_existing_gateway(stack, cluster)

    with controllers(cluster, "slipway-gateway", "models"):
        stack.up()
        created = {name.partition("/")[2] for name in _objects(cluster) - before}
        assert {"models", "slipway-gateway", "nginx"} <= created
        assert stack.outputs()["endpoints"] == {}
        for text in (stack.state_text(), stack.stack_file.read_text()):
            assert _token(cluster) not in text
        assert set(stack.up("--expect-no-changes").counts()) == {"unchanged"}
        stack.destroy()
    assert _objects(cluster) == before
    assert stack.resources() == []


def _refuses_an_existing_gateway(stack: Program, cluster: ApiServer) -> None:
    cluster.kubectl("create", "namespace", "slipway-gateway")
    refused = stack.preview(check=False)
    cluster.kubectl("delete", "namespace", "slipway-gateway")
    assert refused.code != 0
    assert "`slipway-gateway` exists already" in refused.diagnostics()


def test_a_namespace_of_another_owner_is_neither_taken_over_nor_deleted(
    program: Make, cluster: ApiServer, namespace: str
) -> None:
    cluster.kubectl("create", "configmap", "theirs", "-n", namespace)
    before = cluster.get("namespace", namespace)
    stack = program(cluster.kubeconfig)
    stack.write(
        {
            "cluster": {"kind": "existing"},
            "gateway": present_gateway(cluster, namespace),
            "namespace": namespace,
        }
    )
    for refused in (stack.preview(check=False), stack.up(check=False)):
        assert refused.code != 0
        assert f"namespace `{namespace}` exists already" in refused.diagnostics()
        assert "not made by Slipway" in refused.diagnostics()

    stack.destroy()
    assert cluster.get("namespace", namespace) == before
    assert cluster.get("configmap", "theirs", "-n", namespace)
