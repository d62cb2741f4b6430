"""What gives pods an identity on a cluster that another stack made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import pulumi

from components.clusters.reached import ReachedCluster
from components.config.stack_config import ClusterOptions
from components.contracts import Grant, Identity

#: One of the other cluster's `workload_identity`, by its key.
Fact = Callable[[str], pulumi.Output[str]]


class Beside(Protocol):
    """Identities on a cluster of one cloud, as the stack that made it would make them."""

    def identity(
        self,
        service_account: str,
        namespace: pulumi.Input[str],
        grants: Sequence[Grant],
        opts: pulumi.ResourceOptions,
    ) -> Identity:
        """As `contracts.Cluster.identity`."""
        ...


def beside(
    kind: str, name: str, cluster: ReachedCluster, fact: Fact, options: ClusterOptions
) -> Beside:
    """For `cluster`, which is of `kind` (`ack`, `eks`, `gke`). That cloud's SDK is loaded here."""
    if kind == "ack":
        from components.clusters.ack.beside import AckBeside

        return AckBeside(name, cluster, fact, options.settings("alicloud"))
    if kind == "eks":
        from components.clusters.eks.beside import EksBeside

        return EksBeside(name, cluster, fact, options.settings("aws"))
    from components.clusters.gke.beside import GkeBeside

    return GkeBeside(name, cluster, fact, options.settings("gcp"))
