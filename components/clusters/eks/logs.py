"""`Logs`: the log groups of a cluster on EKS, in CloudWatch."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_aws import cloudwatch

from components.clusters.eks import policies
from components.clusters.eks.roles import Role

#: The log groups of the CloudWatch add-on, under `/aws/containerinsights/<cluster>`.
_CONTAINER_GROUPS = ("application", "dataplane", "host", "performance")


class Logs(pulumi.ComponentResource):
    """Encrypted log groups with the stack's retention. AWS would create them itself, without
    encryption and without an end of retention, if they did not exist first."""

    control_plane: cloudwatch.LogGroup
    flow: cloudwatch.LogGroup
    containers: Sequence[cloudwatch.LogGroup]

    def __init__(
        self,
        name: str,
        *,
        cluster_name: str,
        key_arn: pulumi.Output[str],
        days: int,
        containers: bool,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("slipway:clusters:EksLogs", name, None, opts)

        def group(role: str, path: str) -> cloudwatch.LogGroup:
            return cloudwatch.LogGroup(
                f"{name}-{role}",
                name=path,
                kms_key_id=key_arn,
                retention_in_days=days,
                # AWS prescribes the name, so a replacement has the same one.
                opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
            )

        self.control_plane = group("control-plane", f"/aws/eks/{cluster_name}/cluster")
        self.flow = group("flow", f"/aws/vpc/{cluster_name}")
        self.containers = [
            group(each, f"/aws/containerinsights/{cluster_name}/{each}")
            for each in (_CONTAINER_GROUPS if containers else ())
        ]
        self.register_outputs({})

    def make_flow_log_role(self, name: str, region: str, opts: pulumi.ResourceOptions) -> Role:
        """A role that may write flow logs to their group."""
        policy = policies.document(
            policies.allow(
                [
                    "logs:CreateLogStream",
                    "logs:PutLogEvents",
                    "logs:DescribeLogGroups",
                    "logs:DescribeLogStreams",
                ],
                [self.flow.arn, pulumi.Output.concat(self.flow.arn, ":*")],
            )
        )
        trust = policies.service_trust("vpc-flow-logs.amazonaws.com")
        return Role(name, trust, region, opts, inline={"write": policy})
