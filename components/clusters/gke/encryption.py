"""`Encryption`: the key that encrypts secrets, disks, files and images of a GKE cluster."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_gcp as gcp

from components.clusters.gke.options import GkeOptions

#: 90 days, as the CIS benchmark of Google Cloud recommends.
_ROTATION = "7776000s"
#: The service agents, in the cluster's project, that encrypt and decrypt with the key:
#: https://cloud.google.com/iam/docs/service-agents
AGENTS = {
    "secrets": "container-engine-robot",
    "disks": "compute-system",
    "files": "cloud-filer",
    "images": "gcp-sa-artifactregistry",
}
#: Agents that Google creates when the service is first used, not when its API is enabled.
_LATE = {"files": "file.googleapis.com", "images": "artifactregistry.googleapis.com"}


class Encryption:
    """A key of Cloud KMS, rotated every 90 days, which Google's service agents may use; or the key
    that the stack names, whose owner has to let them use it."""

    key: pulumi.Input[str]
    """The key's resource name."""
    ready: Sequence[pulumi.Resource]
    """The agents' permissions: what resources that use the key depend on."""

    def __init__(
        self,
        name: str,
        options: GkeOptions,
        *,
        project_number: pulumi.Output[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        self._name, self._options, self._opts = name, options, opts
        if options.encryption_key:
            self.key, self.ready = options.encryption_key, []
            return
        ring = gcp.kms.KeyRing(f"{name}-keys", location=options.region, opts=opts)
        key = gcp.kms.CryptoKey(
            f"{name}-key",
            key_ring=ring.id,
            purpose="ENCRYPT_DECRYPT",
            rotation_period=_ROTATION,
            # Without the key, everything that it encrypted is lost.
            opts=pulumi.ResourceOptions.merge(
                opts, pulumi.ResourceOptions(protect=options.deletion_protection)
            ),
        )
        self.key = key.id
        self.ready = [
            gcp.kms.CryptoKeyIAMMember(
                f"{name}-key-{what}",
                crypto_key_id=key.id,
                role="roles/cloudkms.cryptoKeyEncrypterDecrypter",
                member=self._member(what, agent, project_number),
                opts=opts,
            )
            for what, agent in AGENTS.items()
        ]

    def _member(
        self, what: str, agent: str, project_number: pulumi.Output[str]
    ) -> pulumi.Output[str]:
        if service := _LATE.get(what):
            return gcp.projects.ServiceIdentity(
                f"{self._name}-{what}-agent",
                project=self._options.project,
                service=service,
                opts=self._opts,
            ).member
        return project_number.apply(
            lambda it: f"serviceAccount:service-{it}@{agent}.iam.gserviceaccount.com"
        )
