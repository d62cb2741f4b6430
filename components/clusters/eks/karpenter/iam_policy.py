"""What Karpenter may do in the account."""

from __future__ import annotations

from typing import Any

import pulumi

from components.clusters.eks import policies
from components.clusters.eks.regions import partition

_LAUNCH = ["ec2:RunInstances", "ec2:CreateFleet"]


def rights(
    *,
    cluster_name: pulumi.Output[str],
    cluster_arn: pulumi.Output[str],
    region: str,
    key_arn: pulumi.Output[str],
    queue_arn: pulumi.Output[str],
    node_role_arn: pulumi.Output[str],
) -> pulumi.Output[str]:
    """A policy: machines that it made and tagged for this cluster, and no others. It makes no
    instance profiles, for it is given one:
    https://karpenter.sh/docs/reference/cloudformation/. A disk is encrypted in the name of whoever
    starts the machine: https://karpenter.sh/docs/troubleshooting/."""
    via_ec2 = {"kms:ViaService": f"ec2.{region}.{_suffix(region)}"}
    return policies.document(
        *_machines(cluster_name, region),
        *_looking(region),
        policies.allow(["eks:DescribeCluster"], cluster_arn),
        policies.allow(["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"], queue_arn),
        policies.allow(
            ["iam:PassRole"],
            node_role_arn,
            {"StringEquals": {"iam:PassedToService": [f"ec2.{_suffix(region)}"]}},
        ),
        policies.allow(policies.USE_OF_KEY, key_arn, {"StringEquals": via_ec2}),
        policies.allow(
            ["kms:CreateGrant"],
            key_arn,
            {"StringEquals": via_ec2, "Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    )


def _machines(cluster_name: pulumi.Output[str], region: str) -> list[dict[str, Any]]:
    def of(*kinds: str, owner: str = "*") -> list[str]:
        arn = f"arn:{partition(region)}:ec2:{region}"
        return [f"{arn}:{owner}:{kind}/*" for kind in kinds]

    def tagged(where: str, **more: Any) -> pulumi.Output[dict[str, Any]]:
        def condition(name: str) -> dict[str, Any]:
            equal = {f"aws:{where}/kubernetes.io/cluster/{name}": "owned"}
            if where == "RequestTag":
                equal["aws:RequestTag/eks:eks-cluster-name"] = name
            like = {f"aws:{where}/karpenter.sh/nodepool": "*"}
            return {"StringEquals": {**equal, **more}, "StringLike": like}

        return cluster_name.apply(condition)

    made = ["fleet", "instance", "volume", "network-interface", "launch-template"]
    made.append("spot-instances-request")
    while_made = {"ec2:CreateAction": ["RunInstances", "CreateFleet", "CreateLaunchTemplate"]}
    named = ["eks:eks-cluster-name", "karpenter.sh/nodeclaim", "Name"]
    later = pulumi.Output.all(tagged("ResourceTag"), cluster_name).apply(
        lambda it: {
            **it[0],
            "StringEqualsIfExists": {"aws:RequestTag/eks:eks-cluster-name": it[1]},
            "ForAllValues:StringEquals": {"aws:TagKeys": named},
        }
    )
    return [
        policies.allow(
            _LAUNCH, [*of("image", "snapshot", owner=""), *of("security-group", "subnet")]
        ),
        _if(policies.allow(_LAUNCH, of("launch-template")), tagged("ResourceTag")),
        _if(
            policies.allow([*_LAUNCH, "ec2:CreateLaunchTemplate"], of(*made)), tagged("RequestTag")
        ),
        _if(policies.allow(["ec2:CreateTags"], of(*made)), tagged("RequestTag", **while_made)),
        _if(policies.allow(["ec2:CreateTags"], of("instance")), later),
        _if(
            policies.allow(
                ["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"],
                of("instance", "launch-template"),
            ),
            tagged("ResourceTag"),
        ),
    ]


def _if(statement: dict[str, Any], condition: pulumi.Output[dict[str, Any]]) -> dict[str, Any]:
    return {**statement, "Condition": condition}


def _looking(region: str) -> list[dict[str, Any]]:
    profiles = f"arn:{partition(region)}:iam::*:instance-profile/*"
    return [
        policies.allow(
            [
                "ec2:DescribeCapacityReservations",
                "ec2:DescribeImages",
                "ec2:DescribeInstances",
                "ec2:DescribeInstanceStatus",
                "ec2:DescribeInstanceTypeOfferings",
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeLaunchTemplates",
                "ec2:DescribePlacementGroups",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSpotPriceHistory",
                "ec2:DescribeSubnets",
            ],
            condition={"StringEquals": {"aws:RequestedRegion": region}},
        ),
        policies.allow(
            ["ssm:GetParameter"],
            f"arn:{partition(region)}:ssm:{region}::parameter/aws/service/*",
        ),
        policies.allow(["pricing:GetProducts", "iam:ListInstanceProfiles"]),
        policies.allow(["iam:GetInstanceProfile"], profiles),
    ]


def _suffix(region: str) -> str:
    return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
