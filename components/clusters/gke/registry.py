"""`registry`: where images of one's own are, for the nodes to pull."""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from components.clusters.gke.encryption import Encryption
from components.clusters.gke.labels import slug
from components.clusters.gke.options import GkeOptions


def registry(
    name: str,
    options: GkeOptions,
    encryption: Encryption,
    nodes: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> gcp.artifactregistry.Repository:
    """A repository of Artifact Registry that the service account `nodes` reads. It is named
    `slipway-<stack>`; a tag that is there stays what it is."""
    made = gcp.artifactregistry.Repository(
        f"{name}-images",
        repository_id=slug(f"slipway-{pulumi.get_stack()}"),
        location=options.region,
        format="DOCKER",
        kms_key_name=encryption.key,
        docker_config={"immutable_tags": True},
        opts=pulumi.ResourceOptions.merge(
            opts, pulumi.ResourceOptions(depends_on=list(encryption.needs))
        ),
    )
    gcp.artifactregistry.RepositoryIamMember(
        f"{name}-images-pull",
        repository=made.name,
        location=options.region,
        role="roles/artifactregistry.reader",
        member=nodes,
        opts=opts,
    )
    return made
