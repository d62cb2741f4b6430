"""Dry runs of the program's objects on a real API server, with strict validation."""

from __future__ import annotations

import json
from typing import Any

from pulumi.runtime import rpc

from components.config.load import load
from components.stack import deploy
from tests.engine.apiserver import ApiServer
from tests.unit.components.engine import Resource, run

NAMESPACES = ("models", "slipway-gateway", "slipway-metrics")
#: The API server's warning, since the mocked engine creates no real certificate.
_MOCKED_CERTIFICATE = "failed to find any PEM data in certificate"
#: Keeps the names apart from the namespaces that stacks of other tests create.
_PREFIX = "dry-run-"


def make_namespaces(cluster: ApiServer) -> None:
    """Create namespaces in place of the stack's, which warn of all that is not *restricted*."""
    for name in NAMESPACES:
        labels = {
            f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")
        }
        namespace = {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": f"{_PREFIX}{name}", "labels": labels},
        }
        cluster.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(namespace))


def objects_of(stack: dict[str, Any]) -> list[Resource]:
    """The Kubernetes objects of a stack file, without its namespaces."""
    return [
        each
        for each in run(lambda: deploy(load()), stack).resources
        if each.type.startswith("kubernetes:") and each.kind != "Namespace" and not each.read
    ]


def check_accepted(cluster: ApiServer, resources: list[Resource]) -> None:
    """Check that the API server accepts every object, and warns of none."""
    listed = {
        "apiVersion": "v1",
        "kind": "List",
        "items": [_in_dry_run_namespace(manifest(each)) for each in resources],
    }
    output = cluster.kubectl_and_warnings(
        "apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-",
        stdin=json.dumps(listed),
    )  # fmt: skip
    warnings = [line for line in output.splitlines() if "Warning" in line]
    assert [line for line in warnings if _MOCKED_CERTIFICATE not in line] == []
    assert output.count("serverside-applied (server dry run)") == len(resources)


def _in_dry_run_namespace(fields: dict[str, Any]) -> dict[str, Any]:
    """The object in the namespace that replaces its own."""
    metadata = fields["metadata"]
    if metadata.get("namespace") in NAMESPACES:
        metadata = {**metadata, "namespace": f"{_PREFIX}{metadata['namespace']}"}
    return {**fields, "metadata": metadata}


def manifest(resource: Resource) -> dict[str, Any]:
    """The object as the plugin sends it, with a name."""
    metadata = {"name": f"{resource.name}-1a2b3c4d", **resource.inputs.get("metadata", {})}
    return dict(_sent({**resource.inputs, "metadata": metadata}))


def _sent(value: Any) -> Any:
    """`value` as the plugin sends it: without markers of secrets, and with integers."""
    if isinstance(value, dict):
        if rpc._special_sig_key in value:
            return _sent(value["value"])
        return {key: _sent(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_sent(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
