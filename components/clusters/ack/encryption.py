"""`Encryption`: the key that encrypts secrets and disks of a cluster on ACK."""

from __future__ import annotations

import pulumi
from pulumi_alicloud import kms

from components.clusters.ack.options import AckOptions

#: How long a deleted key can be restored.
_PENDING_DAYS = 30


class Encryption(pulumi.ComponentResource):
    """A KMS key, rotated once a year, or the key that the stack names."""

    key: pulumi.Output[str]
    """The key's ID."""

    def __init__(self, name: str, options: AckOptions, opts: pulumi.ResourceOptions) -> None:
        # A type token stays as it is when its class is renamed: stacks have it in their state.
        super().__init__("slipway:clusters:AckKey", name, None, opts)
        if options.encryption_key:
            self.key = pulumi.Output.from_input(options.encryption_key)
        else:
            protection = "Enabled" if options.deletion_protection else "Disabled"
            self.key = kms.Key(
                f"{name}-key",
                description="Secrets and disks of a cluster of Slipway",
                key_spec="Aliyun_AES_256",
                key_usage="ENCRYPT/DECRYPT",
                protection_level="SOFTWARE",
                dkms_instance_id=options.kms_instance,
                automatic_rotation="Enabled",
                rotation_interval="365d",
                deletion_protection=protection,
                pending_window_in_days=_PENDING_DAYS,
                opts=pulumi.ResourceOptions(parent=self, protect=options.deletion_protection),
            ).id
        self.register_outputs({"id": self.key})
