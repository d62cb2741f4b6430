"""`LocalCluster`: the cluster that `make up` starts on this machine."""

from __future__ import annotations

import pulumi

from components.clusters.kubeconfig_cluster import KubeconfigCluster
from components.clusters.local_options import LocalOptions
from components.images import Images


class LocalCluster(KubeconfigCluster):
    """A Kubernetes provider for the cluster on this machine. It starts no cluster: `make up`
    does."""

    kind = "local"

    def __init__(
        self,
        name: str,
        options: LocalOptions,
        images: Images | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            "slipway:clusters:LocalCluster",
            name,
            options,
            options.found.context,
            options.found.text,
            # The cluster is this stack's alone: what a killed `up` made is its own, too.
            adopt=True,
            opts=opts,
        )
