"""IAM policies, as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components.clusters.eks.regions import partition

VERSION = "2012-10-17"
#: What whoever reads and writes with a key does with it.
USE_OF_KEY = (
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
    **more: Any,
) -> dict[str, Any]:
    """One statement that allows `actions`."""
    said: dict[str, Any] = {"Effect": "Allow", "Action": list(actions), "Resource": resources}
    if condition:
        said["Condition"] = dict(condition)
    return {**said, **more}


def service(name: str) -> str:
    """Lets an AWS service assume the role."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": name},
        "Action": "sts:AssumeRole",
    }
    return json.dumps({"Version": VERSION, "Statement": [statement]})


def pods(
    cluster_arn: pulumi.Input[str], namespace: pulumi.Input[str], service_account: str
) -> pulumi.Output[str]:
    """Lets EKS Pod Identity hand the role to the pods of one service account of one cluster, which
    it names in the session's tags:
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
    """The first part of an ARN in `region` after `arn:`."""
    return pulumi.Output.from_input(region).apply(partition)


def account(arn: pulumi.Output[str]) -> pulumi.Output[str]:
    """The account that an ARN names."""
    return arn.apply(lambda it: it.split(":")[4])
