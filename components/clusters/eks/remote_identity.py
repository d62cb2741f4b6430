"""`EksRemoteIdentity`: identities for pods on an EKS cluster of another stack."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from components.clusters.eks.identity import bucket_identity
from components.clusters.eks.policies import account_of
from components.clusters.eks.provider import aws_provider
from components.clusters.kubeconfig_cluster import KubeconfigCluster
from components.config.provider_keys import Settings
from components.contracts.identity import BucketAccess, Identity, IdentityOutput


class EksRemoteIdentity:
    """IAM roles by EKS Pod Identity, in the account and region of the cluster. The provider refuses
    credentials of another account."""

    def __init__(
        self,
        name: str,
        cluster: KubeconfigCluster,
        identity_output: IdentityOutput,
        settings: Settings,
    ) -> None:
        self._cluster, self._cluster_arn = cluster, identity_output("cluster_arn")
        self._region = self._cluster_arn.apply(lambda it: it.split(":")[3])
        self._aws = aws_provider(
            f"{name}-aws",
            settings,
            region=self._region,
            account=account_of(self._cluster_arn),
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
        return bucket_identity(
            service_account,
            namespace,
            bucket_access,
            cluster_name=self._cluster.name,
            cluster_arn=self._cluster_arn,
            region=self._region,
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(provider=self._aws)),
        )
