"""`Encryption`: the key of everything that lies still."""

from __future__ import annotations

import pulumi
from pulumi_aws import kms

from components.clusters.eks import policies
from components.clusters.eks.regions import partition

#: The longest that AWS offers, and its default.
_DELETION_DAYS = 30


class Encryption(pulumi.ComponentResource):
    """A KMS key, rotated each year, or one that is there. `account` is the account's number;
    `fleets`: machines are started not by EC2 Auto Scaling alone, but by EC2's fleets, too."""

    arn: pulumi.Output[str]

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
            made = kms.Key(
                f"{name}-key",
                description=f"Secrets, disks, logs and images of the cluster {cluster_name}",
                enable_key_rotation=True,
                deletion_window_in_days=_DELETION_DAYS,
                policy=_key_policy(region, account, fleets),
                opts=child,
            )
            kms.Alias(
                f"{name}-alias", name=f"alias/{cluster_name}", target_key_id=made.id, opts=child
            )
            self.arn = made.arn
        else:
            self.arn = pulumi.Output.from_input(key)
        self.register_outputs({"arn": self.arn})


def _key_policy(region: str, account: pulumi.Output[str], fleets: bool) -> pulumi.Output[str]:
    launchers = ["autoscaling", *(["ec2fleet", "spot"] if fleets else [])]
    arn = f"arn:{partition(region)}"
    return policies.document(
        # The account's IAM policies decide; without this nobody could change the key.
        policies.allow(
            ["kms:*"], Principal={"AWS": pulumi.Output.format("{0}:iam::{1}:root", arn, account)}
        ),
        policies.allow(
            policies.USE_OF_KEY,
            condition={
                "ArnLike": {
                    "kms:EncryptionContext:aws:logs:arn": pulumi.Output.format(
                        "{0}:logs:{1}:{2}:log-group:*", arn, region, account
                    )
                }
            },
            Principal={"Service": f"logs.{region}.amazonaws.com"},
        ),
        # EC2 Auto Scaling starts the nodes, whose disks it has to open. Its role comes to exist
        # with the account's first group, so it cannot be the principal: a key's policy names only
        # what is there. So do those of EC2's fleets and spot machines.
        policies.allow(
            [*policies.USE_OF_KEY, "kms:CreateGrant"],
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
