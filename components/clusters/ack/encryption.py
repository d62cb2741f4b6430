"""`Key`: what secrets and disks of a cluster on ACK are encrypted with."""

from __future__ import annotations

import pulumi
from pulumi_alicloud import kms

from components.clusters.ack.options import AckOptions

#: For so long a key that was deleted can be had back.
_PENDING_DAYS = 30


class Key(pulumi.ComponentResource):
    """A key of KMS, changed once a year, or the one that the stack names."""

    id: pulumi.Output[str]

    def __init__(
        self, name: str, options: AckOptions, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("slipway:clusters:AckKey", name, None, opts)
        if options.encryption_key:
            self.id = pulumi.Output.from_input(options.encryption_key)
        else:
            protected = "Enabled" if options.deletion_protection else "Disabled"
            self.id = kms.Key(
                f"{name}-key",
                description="Secrets and disks of a cluster of Slipway",
                key_spec="Aliyun_AES_256",
                key_usage="ENCRYPT/DECRYPT",
                protection_level="SOFTWARE",
                dkms_instance_id=options.kms_instance,
                automatic_rotation="Enabled",
                rotation_interval="365d",
                deletion_protection=protected,
                pending_window_in_days=_PENDING_DAYS,
                opts=pulumi.ResourceOptions(parent=self, protect=options.deletion_protection),
            ).id
        self.register_outputs({"id": self.id})
