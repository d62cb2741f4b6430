"""What the program writes, shown to a real API server: strict validation, nothing is made."""

from __future__ import annotations

import json
from typing import Any

from pulumi.runtime import rpc

from components.config.load import load
from components.stack import deploy
from tests.engine.apiserver import ApiServer
from tests.unit.components.engine import Resource, run

NAMESPACES = ("models", "slipway-gateway", "slipway-metrics")
#: The mocked engine makes no real certificate.
_MOCKED_CERTIFICATE = "failed to find any PEM data in certificate"


#: Other tests' stacks make namespaces of these names.
_PREFIX = "shown-"


def make_namespaces(cluster: ApiServer) -> None:
    """Namespaces that stand for the stack's, and warn of whatever is not *restricted*."""
    for name in NAMESPACES:
        labels = {
            f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")
        }
        made = {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": f"{_PREFIX}{name}", "labels": labels},
        }
        cluster.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(made))


def written(stack: dict[str, Any]) -> list[Resource]:
    """The Kubernetes objects that a stack file makes, its namespaces left out."""
    return [
        each
        for each in run(lambda: deploy(load()), stack).resources
        if each.type.startswith("kubernetes:") and each.kind != "Namespace" and not each.read
    ]


def shown_to(cluster: ApiServer, resources: list[Resource]) -> None:
    """The API server takes every object, and warns of none."""
    listed = {
        "apiVersion": "v1",
        "kind": "List",
        "items": [_elsewhere(manifest(each)) for each in resources],
    }
    said = cluster.kubectl_and_warnings(
        "apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-",
        stdin=json.dumps(listed),
    )  # fmt: skip
    warnings = [line for line in said.splitlines() if "Warning" in line]
    assert [line for line in warnings if _MOCKED_CERTIFICATE not in line] == []
    assert said.count("serverside-applied (server dry run)") == len(resources)


def _elsewhere(found: dict[str, Any]) -> dict[str, Any]:
    """The object in the namespace that stands for its own."""
    metadata = found["metadata"]
    if metadata.get("namespace") in NAMESPACES:
        metadata = {**metadata, "namespace": f"{_PREFIX}{metadata['namespace']}"}
    return {**found, "metadata": metadata}


def manifest(resource: Resource) -> dict[str, Any]:
    """The object as the plugin sends it: with a name."""
    metadata = {"name": f"{resource.name}-1a2b3c4d", **resource.inputs.get("metadata", {})}
    return dict(_sent({**resource.inputs, "metadata": metadata}))


def _sent(value: Any) -> Any:
    """`value` as the plugin sends it: secrets opened, whole numbers whole."""
    if isinstance(value, dict):
        if rpc._special_sig_key in value:
            return _sent(value["value"])
        return {key: _sent(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_sent(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
