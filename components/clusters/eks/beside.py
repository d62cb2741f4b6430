"""`EksBeside`: identities for pods on an EKS cluster that another stack made."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from components.clusters.eks.identity import identity
from components.clusters.eks.policies import account
from components.clusters.eks.provider import aws_provider
from components.clusters.reached import ReachedCluster
from components.config.provider_keys import Settings
from components.contracts.identity import BucketAccess, Fact, Identity


class EksBeside:
    """Roles by EKS Pod Identity, made in the account and region of the cluster: the provider
    refuses credentials of another account."""

    def __init__(self, name: str, cluster: ReachedCluster, fact: Fact, settings: Settings) -> None:
        self._cluster, self._arn = cluster, fact("cluster_arn")
        self._region = self._arn.apply(lambda it: it.split(":")[3])
        self._aws = aws_provider(
            f"{name}-aws",
            settings,
            region=self._region,
            account=account(self._arn),
            opts=pulumi.ResourceOptions(parent=cluster),
        )

    def identity(
        self,
        service_account: str,
        namespace: pulumi.Input[str],
        bucket_access: Sequence[BucketAccess],
        opts: pulumi.ResourceOptions,
    ) -> Identity:
        """As `contracts.Cluster.identity`."""
        return identity(
            service_account,
            namespace,
            bucket_access,
            cluster_name=self._cluster.name,
            cluster_arn=self._arn,
            region=self._region,
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(provider=self._aws)),
        )
