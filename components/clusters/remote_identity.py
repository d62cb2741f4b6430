"""`RemoteIdentity`: workload identities on a cluster that another stack made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import pulumi

from components.clusters.kubeconfig_cluster import KubeconfigCluster
from components.config.stack_config import ClusterOptions
from components.contracts import Grant, Identity

#: Reads one key of the other stack's output `cluster.identity`.
IdentityOutput = Callable[[str], pulumi.Output[str]]


class RemoteIdentity(Protocol):
    """Makes identities like the stack that made the cluster would."""

    def identity(
        self,
        service_account: str,
        namespace: pulumi.Input[str],
        grants: Sequence[Grant],
        opts: pulumi.ResourceOptions,
    ) -> Identity:
        """As `contracts.Cluster.identity`."""
        ...


def remote_identity(
    kind: str,
    name: str,
    cluster: KubeconfigCluster,
    identity_output: IdentityOutput,
    options: ClusterOptions,
) -> RemoteIdentity:
    """The identities of a cluster of `kind` (`ack`, `eks`, `gke`). Imports that cloud's SDK."""
    if kind == "ack":
        from components.clusters.ack.remote_identity import AckRemoteIdentity

        return AckRemoteIdentity(name, cluster, identity_output, options.settings("alicloud"))
    if kind == "eks":
        from components.clusters.eks.remote_identity import EksRemoteIdentity

        return EksRemoteIdentity(name, cluster, identity_output, options.settings("aws"))
    from components.clusters.gke.remote_identity import GkeRemoteIdentity

    return GkeRemoteIdentity(name, cluster, identity_output, options.settings("gcp"))
