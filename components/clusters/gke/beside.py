"""`GkeBeside`: identities for pods on a GKE cluster that another stack made."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_gcp as gcp

from components.clusters.gke.identity import readers
from components.clusters.providers import make_provider
from components.clusters.reached import ReachedCluster
from components.config.provider_keys import Settings
from components.contracts.identity import BucketAccess, Fact, Identity


class GkeBeside:
    """Leave for the service accounts of the cluster's project; nothing is asked of the project."""

    def __init__(self, name: str, cluster: ReachedCluster, fact: Fact, settings: Settings) -> None:
        self._project, self._number = fact("project"), fact("project_number")
        self._google = make_provider(
            gcp.Provider,
            "gcp",
            f"{name}-google",
            settings,
            pulumi.ResourceOptions(parent=cluster),
            project=self._project,
        )

    def identity(
        self,
        service_account: str,
        namespace: pulumi.Input[str],
        bucket_access: Sequence[BucketAccess],
        opts: pulumi.ResourceOptions,
    ) -> Identity:
        """As `contracts.Cluster.identity`."""
        made = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(provider=self._google))
        return Identity(
            needs=readers(
                service_account, namespace, bucket_access, self._project, self._number, made
            )
        )
