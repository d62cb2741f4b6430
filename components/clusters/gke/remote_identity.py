"""`GkeRemoteIdentity`: identities for pods on a GKE cluster of another stack."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from components.clusters.gke.identity import bucket_identity
from components.clusters.gke.provider import gcp_provider
from components.clusters.kubeconfig_cluster import KubeconfigCluster
from components.config.provider_keys import Settings
from components.contracts.identity import BucketAccess, Identity, IdentityOutput


class GkeRemoteIdentity:
    """Permissions for service accounts in the workload pool of the cluster's project. They are on
    the buckets: this stack needs no permission in that project."""

    def __init__(
        self,
        name: str,
        cluster: KubeconfigCluster,
        identity_output: IdentityOutput,
        settings: Settings,
    ) -> None:
        self._project = identity_output("project")
        self._project_number = identity_output("project_number")
        self._gcp = gcp_provider(
            f"{name}-google",
            settings,
            project=self._project,
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
            project=self._project,
            project_number=self._project_number,
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(provider=self._gcp)),
        )
