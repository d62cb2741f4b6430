"""`Registry`: the repository of Artifact Registry that the nodes pull from."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_gcp as gcp

from components.clusters.gke.encryption import Encryption
from components.clusters.gke.labels import slug
from components.clusters.gke.options import GkeOptions


class Registry:
    """A repository named `slipway-<stack>`, with immutable tags, that the service account of the
    nodes reads.

    It is made after the cluster: permission to use the key takes minutes to take effect, and the
    provider does not retry the repository's creation.
    """

    url: pulumi.Output[str]
    """The prefix of image names in the repository."""
    ready: Sequence[pulumi.Resource]
    """The nodes' permission to pull: what workloads depend on."""

    def __init__(
        self,
        name: str,
        options: GkeOptions,
        *,
        encryption: Encryption,
        nodes: pulumi.Input[str],
        cluster: pulumi.Resource,
        opts: pulumi.ResourceOptions,
    ) -> None:
        repository = gcp.artifactregistry.Repository(
            f"{name}-images",
            repository_id=slug(f"slipway-{pulumi.get_stack()}"),
            location=options.region,
            format="DOCKER",
            kms_key_name=encryption.key,
            docker_config={"immutable_tags": True},
            opts=pulumi.ResourceOptions.merge(
                opts, pulumi.ResourceOptions(depends_on=[*encryption.ready, cluster])
            ),
        )
        pull = gcp.artifactregistry.RepositoryIamMember(
            f"{name}-images-pull",
            repository=repository.name,
            location=options.region,
            role="roles/artifactregistry.reader",
            member=nodes,
            opts=opts,
        )
        self.url, self.ready = repository.registry_uri, [pull]
