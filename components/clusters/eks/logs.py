"""Log groups in CloudWatch, encrypted, and kept for as long as the stack says."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_aws import cloudwatch

from components.clusters.eks import policies
from components.clusters.eks.roles import Role

#: What the add-on for CloudWatch writes to, below `/aws/containerinsights/<cluster>`.
_CONTAINER_GROUPS = ("application", "dataplane", "host", "performance")


class Logs(pulumi.ComponentResource):
    """The groups that AWS would make by itself, without encryption and for ever, made before it
    does; and the role by which the network writes its flow logs."""

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
                # The name is AWS' to know.
                opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
            )

        self.control_plane = group("control-plane", f"/aws/eks/{cluster_name}/cluster")
        self.flow = group("flow", f"/aws/vpc/{cluster_name}")
        self.containers = [
            group(each, f"/aws/containerinsights/{cluster_name}/{each}")
            for each in (_CONTAINER_GROUPS if containers else ())
        ]
        self.register_outputs({})

    def writer(self, name: str, region: str, opts: pulumi.ResourceOptions) -> Role:
        """A role that writes flow logs into their group."""
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
        trust = policies.service("vpc-flow-logs.amazonaws.com")
        return Role(name, trust, region, opts, inline={"write": policy})
