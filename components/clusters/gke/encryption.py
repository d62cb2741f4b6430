"""`Encryption`: the customer's key, and who may use it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from components.clusters.gke.options import GkeOptions

#: 90 days, as CIS' benchmark of Google Cloud has it.
_ROTATION = "7776000s"
#: What encrypts and decrypts, by Google's agents in the project: Kubernetes' secrets, disks,
#: Filestore and Artifact Registry. https://cloud.google.com/iam/docs/service-agents
AGENTS = {
    "secrets": "container-engine-robot",
    "disks": "compute-system",
    "files": "cloud-filer",
    "images": "gcp-sa-artifactregistry",
}
#: Agents that come to be when the service is first used, and not with its API.
_LATE = {"files": "file.googleapis.com", "images": "artifactregistry.googleapis.com"}


@dataclass(frozen=True, kw_only=True)
class Encryption:
    """The key's whole name; what it encrypts comes after `needs`."""

    key: pulumi.Input[str]
    needs: Sequence[pulumi.Resource] = ()


def encryption(
    name: str, options: GkeOptions, number: pulumi.Output[str], opts: pulumi.ResourceOptions
) -> Encryption:
    """The key that is there, whose owner lets Google's agents use it, or a new one. `number` is
    the project's."""
    if options.encryption_key:
        return Encryption(key=options.encryption_key)
    ring = gcp.kms.KeyRing(f"{name}-keys", location=options.region, opts=opts)
    key = gcp.kms.CryptoKey(
        f"{name}-key",
        key_ring=ring.id,
        purpose="ENCRYPT_DECRYPT",
        rotation_period=_ROTATION,
        # What it encrypted is lost with it.
        opts=pulumi.ResourceOptions.merge(
            opts, pulumi.ResourceOptions(protect=options.deletion_protection)
        ),
    )
    return Encryption(
        key=key.id,
        needs=[
            gcp.kms.CryptoKeyIAMMember(
                f"{name}-key-{what}",
                crypto_key_id=key.id,
                role="roles/cloudkms.cryptoKeyEncrypterDecrypter",
                member=_member(name, options, what, agent, number, opts),
                opts=opts,
            )
            for what, agent in AGENTS.items()
        ],
    )


def _member(
    name: str,
    options: GkeOptions,
    what: str,
    agent: str,
    number: pulumi.Output[str],
    opts: pulumi.ResourceOptions,
) -> pulumi.Output[str]:
    if service := _LATE.get(what):
        return gcp.projects.ServiceIdentity(
            f"{name}-{what}-agent", project=options.project, service=service, opts=opts
        ).member
    return number.apply(lambda it: f"serviceAccount:service-{it}@{agent}.iam.gserviceaccount.com")
