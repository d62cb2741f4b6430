"""`PresentMetrics`: the metrics API that the cluster has already."""

from __future__ import annotations

from typing import Literal

import pulumi

from components.config.stack_config import MetricsOptions
from components.contracts import Cluster
from components.images import Images
from components.kubernetes_object import Fields, KubernetesObject

#: The APIService by which an API server finds who serves `metrics.k8s.io`.
METRICS_API = "v1beta1.metrics.k8s.io"


class PresentOptions(MetricsOptions):
    """The cluster serves `metrics.k8s.io` already."""

    kind: Literal["present"]


class PresentMetrics(pulumi.ComponentResource):
    """Reads that the API is there, and fails where it is not: an autoscaler without it would do
    nothing, and say so only in its own status. It makes nothing and changes nothing."""

    options = PresentOptions

    def __init__(
        self,
        name: str,
        options: PresentOptions,
        images: Images,
        cluster: Cluster,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:platform:PresentMetrics", name, None, opts)
        service = KubernetesObject.get(
            f"{name}-api",
            "apiregistration.k8s.io/v1",
            "APIService",
            METRICS_API,
            pulumi.ResourceOptions(parent=self),
        )
        service.status.apply(self._warn)
        self.register_outputs({})

    def _warn(self, status: Fields | None) -> None:
        for condition in (status or {}).get("conditions") or ():
            if condition.get("type") == "Available" and condition.get("status") != "True":
                pulumi.log.warn(
                    f"slipway:metrics is `present`, but APIService `{METRICS_API}` is not "
                    f"available, so no model is scaled: {condition.get('message')}",
                    self,
                )
