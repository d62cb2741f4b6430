"""Options of metrics-server."""

from __future__ import annotations

from typing import ClassVar, Literal

from components.config.addon_options import METRICS_API, AddonOptions, Capability, Evidence
from components.config.values import Image

METRICS_SERVER_IMAGE = "registry.k8s.io/metrics-server/metrics-server:v0.9.0"
#: The APIService that tells the API server who serves `metrics.k8s.io`.
API_SERVICE = "v1beta1.metrics.k8s.io"


class MetricsServerOptions(AddonOptions):
    """metrics-server, as plain objects in the namespace `slipway-metrics`. It serves
    `metrics.k8s.io`, from which autoscalers read the load of pods."""

    provides: ClassVar[frozenset[Capability]] = frozenset({METRICS_API})
    evidence: ClassVar[Evidence] = Evidence("apiregistration.k8s.io/v1", "APIService", API_SERVICE)

    kind: Literal["metrics-server"] = "metrics-server"
    image: Image = METRICS_SERVER_IMAGE
    kubelet_insecure_tls: bool = False
    """Whether metrics-server skips the verification of kubelets' certificates. It has to where
    kubelets sign their own, as on kind and with kubeadm's defaults. Whoever answers in a node's
    place then gets metrics-server's token, and decides what autoscalers see"""

    def images(self) -> tuple[str, ...]:
        return (self.image,)
