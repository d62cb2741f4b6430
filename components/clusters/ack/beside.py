"""`AckBeside`: identities for mounts on an ACK cluster that another stack made."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_alicloud import Provider

from components.clusters.ack.identity import OidcProvider, oss_identity
from components.clusters.ack.names import cluster_name
from components.clusters.beside import Fact
from components.clusters.reached import ReachedCluster
from components.contracts import Grant, Identity


class AckBeside:
    """RAM roles by RRSA, named after this stack: the names are the account's, and another stack
    beside the same cluster has its own."""

    def __init__(self, name: str, cluster: ReachedCluster, fact: Fact) -> None:
        self._cluster = cluster
        self._oidc = OidcProvider(arn=fact("oidc_provider_arn"), issuer=fact("oidc_issuer"))
        cloud = Provider(
            f"{name}-cloud", region=fact("region"), opts=pulumi.ResourceOptions(parent=cluster)
        )
        self._inside = pulumi.ResourceOptions(providers=[cloud])

    def identity(
        self,
        service_account: str,
        namespace: pulumi.Input[str],
        grants: Sequence[Grant],
        opts: pulumi.ResourceOptions,
    ) -> Identity:
        """As `contracts.Cluster.identity`."""
        return oss_identity(
            service_account,
            namespace,
            grants,
            called=cluster_name(pulumi.get_stack()),
            oidc=self._oidc,
            provider=self._cluster.provider,
            opts=pulumi.ResourceOptions.merge(self._inside, opts),
        )
