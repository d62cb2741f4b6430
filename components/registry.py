"""Which class stands for a kind. It is imported when a stack chooses it, not before: a cloud's
SDK takes 160 to 290 MB, and no stack pays for one that it does not use."""

from __future__ import annotations

import importlib
from types import MappingProxyType
from typing import Any, Literal

Area = Literal["clusters", "gateways", "controllers", "metrics", "runtimes", "sources"]

REGISTRY = MappingProxyType(
    {
        "clusters": {
            "ack": "components.clusters.ack.cluster:AckCluster",
            "eks": "components.clusters.eks.cluster:EksCluster",
            "existing": "components.clusters.existing:ExistingCluster",
            "gke": "components.clusters.gke.cluster:GkeCluster",
            "local": "components.clusters.local:LocalCluster",
            "reference": "components.clusters.reference:ReferenceCluster",
        },
        "gateways": {
            "nginx": "components.platform.gateway.nginx:NginxGateway",
        },
        "controllers": {
            "ingress-nginx": "components.platform.gateway.controllers.ingress_nginx:IngressNginx",
            "present": "components.platform.gateway.controllers.present:PresentController",
            "traefik": "components.platform.gateway.controllers.traefik:Traefik",
        },
        "metrics": {
            "metrics-server": "components.platform.metrics_server:MetricsServer",
            "present": "components.platform.metrics_present:PresentMetrics",
        },
        "runtimes": {
            "custom": "components.runtimes.custom:Custom",
            "tfserving": "components.runtimes.tfserving:TfServing",
            "triton": "components.runtimes.triton:Triton",
        },
        "sources": {
            "gcs": "components.sources.gcs:GcsSource",
            "image": "components.sources.image:ImageSource",
            "nfs": "components.sources.nfs:NfsSource",
            "oss": "components.sources.oss:OssSource",
            "pvc": "components.sources.pvc:PvcSource",
            "s3": "components.sources.s3:S3Source",
        },
    }
)


def kinds(area: Area) -> list[str]:
    """The kinds that a stack file may name in `area`, sorted."""
    return sorted(REGISTRY[area])


def implementation(area: Area, kind: str) -> Any:
    """The class that stands for `kind`; its `options` attribute is the model of its options.

    Raises `KeyError` for a kind that is not registered.
    """
    module, _, name = REGISTRY[area][kind].partition(":")
    return getattr(importlib.import_module(module), name)
