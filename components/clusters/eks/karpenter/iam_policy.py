"""`controller_policy`: Karpenter's permissions in the account."""

from __future__ import annotations

from typing import Any

import pulumi

from components.clusters.eks import policies
from components.clusters.eks.regions import partition

_LAUNCH = ["ec2:RunInstances", "ec2:CreateFleet"]


def controller_policy(
    *,
    cluster_name: pulumi.Output[str],
    cluster_arn: pulumi.Output[str],
    region: str,
    key_arn: pulumi.Output[str],
    queue_arn: pulumi.Output[str],
    node_role_arn: pulumi.Output[str],
) -> pulumi.Output[str]:
    """A policy to start instances, and to change only those that Karpenter tagged for this cluster:
    https://karpenter.sh/docs/reference/cloudformation/. It has no permission to make instance
    profiles, since the stack makes one. It has permission to use the key, since a disk is encrypted
    with the permissions of the role that starts the instance:
    https://karpenter.sh/docs/troubleshooting/."""
    via_ec2 = {"kms:ViaService": f"ec2.{region}.{_suffix(region)}"}
    return policies.document(
        *_instances(cluster_name, region),
        *_read(region),
        policies.allow(["eks:DescribeCluster"], cluster_arn),
        policies.allow(["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"], queue_arn),
        policies.allow(
            ["iam:PassRole"],
            node_role_arn,
            {"StringEquals": {"iam:PassedToService": [f"ec2.{_suffix(region)}"]}},
        ),
        policies.allow(policies.USE_KEY, key_arn, {"StringEquals": via_ec2}),
        policies.allow(
            ["kms:CreateGrant"],
            key_arn,
            {"StringEquals": via_ec2, "Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    )


def _instances(cluster_name: pulumi.Output[str], region: str) -> list[dict[str, Any]]:
    def arns(*kinds: str, owner: str = "*") -> list[str]:
        arn = f"arn:{partition(region)}:ec2:{region}"
        return [f"{arn}:{owner}:{kind}/*" for kind in kinds]

    def tagged(tag: str, **equals: Any) -> pulumi.Output[dict[str, Any]]:
        """The condition that the request (`RequestTag`) or the resource (`ResourceTag`) has the tags
        of this cluster's nodes."""

        def condition(name: str) -> dict[str, Any]:
            equal = {f"aws:{tag}/kubernetes.io/cluster/{name}": "owned"}
            if tag == "RequestTag":
                equal["aws:RequestTag/eks:eks-cluster-name"] = name
            like = {f"aws:{tag}/karpenter.sh/nodepool": "*"}
            return {"StringEquals": {**equal, **equals}, "StringLike": like}

        return cluster_name.apply(condition)

    created = ["fleet", "instance", "volume", "network-interface", "launch-template"]
    created.append("spot-instances-request")
    on_creation = {"ec2:CreateAction": ["RunInstances", "CreateFleet", "CreateLaunchTemplate"]}
    tag_keys = ["eks:eks-cluster-name", "karpenter.sh/nodeclaim", "Name"]
    after_creation = pulumi.Output.all(tagged("ResourceTag"), cluster_name).apply(
        lambda it: {
            **it[0],
            "StringEqualsIfExists": {"aws:RequestTag/eks:eks-cluster-name": it[1]},
            "ForAllValues:StringEquals": {"aws:TagKeys": tag_keys},
        }
    )
    return [
        policies.allow(
            _LAUNCH, [*arns("image", "snapshot", owner=""), *arns("security-group", "subnet")]
        ),
        _if(policies.allow(_LAUNCH, arns("launch-template")), tagged("ResourceTag")),
        _if(
            policies.allow([*_LAUNCH, "ec2:CreateLaunchTemplate"], arns(*created)),
            tagged("RequestTag"),
        ),
        _if(
            policies.allow(["ec2:CreateTags"], arns(*created)), tagged("RequestTag", **on_creation)
        ),
        _if(policies.allow(["ec2:CreateTags"], arns("instance")), after_creation),
        _if(
            policies.allow(
                ["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"],
                arns("instance", "launch-template"),
            ),
            tagged("ResourceTag"),
        ),
    ]


def _if(statement: dict[str, Any], condition: pulumi.Output[dict[str, Any]]) -> dict[str, Any]:
    return {**statement, "Condition": condition}


def _read(region: str) -> list[dict[str, Any]]:
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
