"""`registry`: where images of one's own are, for the nodes to pull."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from components.clusters.gke.encryption import Encryption
from components.clusters.gke.labels import slug
from components.clusters.gke.options import GkeOptions


@dataclass(frozen=True, kw_only=True)
class Registry:
    """What images are named by, and the leave to pull them."""

    address: pulumi.Output[str]
    pull: pulumi.Resource


def registry(
    name: str,
    options: GkeOptions,
    encryption: Encryption,
    nodes: pulumi.Input[str],
    cluster: pulumi.Resource,
    opts: pulumi.ResourceOptions,
) -> Registry:
    """A repository of Artifact Registry that the service account `nodes` reads. It is named
    `slipway-<stack>`; a tag that is there stays what it is. It comes after `cluster`: leave to use
    a key takes minutes to hold everywhere, and its making is not repeated."""
    made = gcp.artifactregistry.Repository(
        f"{name}-images",
        repository_id=slug(f"slipway-{pulumi.get_stack()}"),
        location=options.region,
        format="DOCKER",
        kms_key_name=encryption.key,
        docker_config={"immutable_tags": True},
        opts=pulumi.ResourceOptions.merge(
            opts, pulumi.ResourceOptions(depends_on=[*encryption.needs, cluster])
        ),
    )
    pull = gcp.artifactregistry.RepositoryIamMember(
        f"{name}-images-pull",
        repository=made.name,
        location=options.region,
        role="roles/artifactregistry.reader",
        member=nodes,
        opts=opts,
    )
    return Registry(address=made.registry_uri, pull=pull)
