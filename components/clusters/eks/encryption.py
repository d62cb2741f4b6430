"""`Encryption`: the key that encrypts secrets, disks, logs and images of a cluster on EKS."""

from __future__ import annotations

import pulumi
from pulumi_aws import kms

from components.clusters.eks import policies
from components.clusters.eks.regions import partition

#: How long a deleted key can be restored: the longest time that AWS offers, and its default.
_DELETION_DAYS = 30


class Encryption(pulumi.ComponentResource):
    """A KMS key, rotated once a year, or the key that the stack names. `account` is the account's
    ID. With `fleets` EC2 Fleet may use the key, in addition to EC2 Auto Scaling, which starts the
    managed nodes."""

    key: pulumi.Output[str]
    """The key's ARN."""

    def __init__(
        self,
        name: str,
        *,
        key: str | None,
        region: str,
        account: pulumi.Output[str],
        cluster_name: str,
        fleets: bool = False,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("slipway:clusters:EksEncryption", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        if key is None:
            kms_key = kms.Key(
                f"{name}-key",
                description=f"Secrets, disks, logs and images of the cluster {cluster_name}",
                enable_key_rotation=True,
                deletion_window_in_days=_DELETION_DAYS,
                policy=_key_policy(region, account, fleets),
                opts=child,
            )
            kms.Alias(
                f"{name}-alias", name=f"alias/{cluster_name}", target_key_id=kms_key.id, opts=child
            )
            self.key = kms_key.arn
        else:
            self.key = pulumi.Output.from_input(key)
        self.register_outputs({"arn": self.key})


def _key_policy(region: str, account: pulumi.Output[str], fleets: bool) -> pulumi.Output[str]:
    launchers = ["autoscaling", *(["ec2fleet", "spot"] if fleets else [])]
    arn = f"arn:{partition(region)}"
    return policies.document(
        # Lets the account's IAM policies grant permissions; without it nobody could manage the key.
        policies.allow(
            ["kms:*"], Principal={"AWS": pulumi.Output.format("{0}:iam::{1}:root", arn, account)}
        ),
        policies.allow(
            policies.USE_KEY,
            condition={
                "ArnLike": {
                    "kms:EncryptionContext:aws:logs:arn": pulumi.Output.format(
                        "{0}:logs:{1}:{2}:log-group:*", arn, region, account
                    )
                }
            },
            Principal={"Service": f"logs.{region}.amazonaws.com"},
        ),
        # EC2 Auto Scaling starts the nodes, and needs the key for their disks. AWS creates its
        # service-linked role with the account's first scaling group, and a key policy can name only
        # principals that exist, so the role is matched by a condition. The same holds for the roles
        # of EC2 Fleet and of spot instances.
        policies.allow(
            [*policies.USE_KEY, "kms:CreateGrant"],
            condition={
                "StringEquals": {"kms:CallerAccount": account},
                "ArnLike": {
                    "aws:PrincipalArn": [
                        pulumi.Output.format(
                            "{0}:iam::{1}:role/aws-service-role/{2}.amazonaws.com/*",
                            arn,
                            account,
                            launcher,
                        )
                        for launcher in launchers
                    ]
                },
            },
            Principal={"AWS": "*"},
        ),
    )
