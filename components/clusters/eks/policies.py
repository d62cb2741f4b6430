"""IAM policies as JSON, and parts of ARNs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components.clusters.eks.regions import partition

VERSION = "2012-10-17"
#: The actions that encrypting and decrypting with a key needs.
USE_KEY = (
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:ReEncrypt*",
    "kms:GenerateDataKey*",
    "kms:DescribeKey",
)


def document(*statements: Mapping[str, Any]) -> pulumi.Output[str]:
    """A policy of `statements`, whose values may be outputs."""
    return pulumi.Output.json_dumps({"Version": VERSION, "Statement": list(statements)})


def allow(
    actions: Sequence[str],
    resources: pulumi.Input[Any] = "*",
    condition: Mapping[str, Any] | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """A statement that allows `actions`. `fields` are added to it, such as `Principal`."""
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": resources,
    }
    if condition:
        statement["Condition"] = dict(condition)
    return {**statement, **fields}


def service_trust(service: str) -> str:
    """The trust policy of a role that an AWS service assumes."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    return json.dumps({"Version": VERSION, "Statement": [statement]})


def pod_identity_trust(
    cluster_arn: pulumi.Input[str], namespace: pulumi.Input[str], service_account: str
) -> pulumi.Output[str]:
    """The trust policy of a role that EKS Pod Identity gives to the pods of one service account of
    one cluster. It compares the session tags, in which EKS names them:
    https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html."""
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Service": "pods.eks.amazonaws.com"},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
            "Condition": {
                "StringEquals": {
                    "aws:RequestTag/eks-cluster-arn": cluster_arn,
                    "aws:RequestTag/kubernetes-namespace": namespace,
                    "aws:RequestTag/kubernetes-service-account": service_account,
                }
            },
        }
    )


def partition_of(region: pulumi.Input[str]) -> pulumi.Output[str]:
    """As `regions.partition`, for a region that may be an output."""
    return pulumi.Output.from_input(region).apply(partition)


def account_of(arn: pulumi.Output[str]) -> pulumi.Output[str]:
    """The account in an ARN."""
    return arn.apply(lambda it: it.split(":")[4])
