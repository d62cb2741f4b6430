"""`ExistingCluster`: a cluster that somebody else made, reached by a kubeconfig."""

from __future__ import annotations

import pulumi

from components.clusters.existing_options import ExistingOptions
from components.clusters.kubeconfig_cluster import KubeconfigCluster
from components.images import Images


class ExistingCluster(KubeconfigCluster):
    """A Kubernetes provider for a cluster that exists. It makes nothing on the cluster."""

    kind = "existing"

    def __init__(
        self,
        name: str,
        options: ExistingOptions,
        images: Images | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        called = options.name or options.found.context
        super().__init__(
            "slipway:clusters:ExistingCluster", name, options, called, options.found.text, opts=opts
        )
        self.load_balancer_annotations = options.load_balancer_annotations
