"""The Service of a server, which routes lead to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

from components.kubernetes.object import UNAWAITED, KubernetesObject
from components.workload import Workload

#: Labels of a Service: `<MODEL_LABEL>/<name>` for each model of the server, and the server's
#: protocol. `python -m client` finds a model's Service by them.
MODEL_LABEL, PROTOCOL_LABEL = "model.slipway.dev", "slipway.dev/protocol"
#: gRPC ports speak HTTP/2 without TLS and without an upgrade from HTTP/1.1. Gateway API kinds read
#: that here; Traefik's ingress-nginx provider and ingress-nginx read `backend-protocol` alone.
_APP_PROTOCOLS = {"grpc": {"appProtocol": "kubernetes.io/h2c"}}


def make(
    resource_name: str,
    *,
    models: Sequence[str],
    protocol: str,
    ports: Mapping[str, int],
    namespace: pulumi.Input[str],
    server: Workload,
    opts: pulumi.ResourceOptions,
) -> KubernetesObject:
    """Create a Service that selects the pods of `server`, and of no other generation."""
    if server.generation:
        # A new generation has a Service of its own. Routes of models that leave the server keep
        # the old Service and its pods.
        replaced = pulumi.ResourceOptions(replace_on_changes=["spec.selector"])
        opts = pulumi.ResourceOptions.merge(opts, replaced)
    client_labels = {PROTOCOL_LABEL: protocol, **{f"{MODEL_LABEL}/{model}": "" for model in models}}
    return KubernetesObject(
        resource_name,
        "v1",
        "Service",
        {
            "metadata": {
                "namespace": namespace,
                "labels": {**server.labels, **client_labels},
                "annotations": UNAWAITED,
            },
            "spec": {
                "selector": server.selector,
                "ports": [
                    {"name": name, "port": port, "targetPort": name, **_APP_PROTOCOLS.get(name, {})}
                    for name, port in ports.items()
                ],
            },
        },
        opts,
    )
