"""Operations that AWS refuses because of their order: creations before what they need, and
deletions of what is in use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from local.clouds.account import Account, Record


def _cluster_needs(record: Record, account: Account) -> str | None:
    return _role_needs(account, str(record.inputs["roleArn"]), "AmazonEKSClusterPolicy")


def _node_group_needs(record: Record, account: Account) -> str | None:
    """Without the policy, nodes cannot join, and AWS reports `NodeCreationFailure` after half an hour."""
    role = str(record.inputs["nodeRoleArn"])
    return _role_needs(
        account, role, "AmazonEKSWorkerNodePolicy", "AmazonEKSWorkerNodeMinimalPolicy"
    )


def _role_needs(account: Account, arn: str, *policies: str) -> str | None:
    roles = [each for each in account.of("aws:iam/role:Role") if each.outputs["arn"] == arn]
    attached = [
        str(each.inputs["policyArn"]).rpartition("/")[2]
        for each in account.of("aws:iam/rolePolicyAttachment:*")
        if roles and each.inputs["role"] == roles[0].outputs["name"]
    ]
    if not roles or set(attached) & set(policies):
        return None
    return f"role {roles[0].id} has no policy {' or '.join(policies)} attached yet"


def _nat_needs(record: Record, account: Account) -> str | None:
    """`Gateway.NotAttached`: a public NAT gateway needs the VPC's Internet gateway."""
    subnet = account.find("aws:ec2/subnet:Subnet", str(record.inputs.get("subnetId")))
    if subnet is None or record.inputs.get("connectivityType") == "private":
        return None
    vpc = subnet.inputs["vpcId"]
    attached = [
        *account.of("aws:ec2/internetGateway:*"),
        *account.of("aws:ec2/internetGatewayAttachment:*"),
    ]
    if any(each.inputs.get("vpcId") == vpc for each in attached):
        return None
    return f"Gateway.NotAttached: network {vpc} has no Internet gateway attached"


def _log_group_is_free(record: Record, account: Account) -> str | None:
    """EKS creates the log group itself, if it does not exist before the cluster."""
    for cluster in account.of("aws:eks/cluster:Cluster"):
        if record.inputs.get("name") == f"/aws/eks/{cluster.id}/cluster" and cluster.inputs.get(
            "enabledClusterLogTypes"
        ):
            return f"ResourceAlreadyExistsException: {cluster.id} has made its log group itself"
    return None


def _gateway_is_free(record: Record, account: Account) -> str | None:
    vpc = record.inputs.get("vpcId")
    subnets = {each.id for each in account.of("aws:ec2/subnet:*") if each.inputs["vpcId"] == vpc}
    nats = [e for e in account.of("aws:ec2/natGateway:*") if e.inputs.get("subnetId") in subnets]
    if not nats:
        return None
    return f"DependencyViolation: network {vpc} has some mapped public addresses ({nats[0].id})"


def _attachment_is_free(record: Record, account: Account) -> str | None:
    """Node groups and clusters need their role's policies for their own deletion."""
    roles = [e for e in account.of("aws:iam/role:*") if e.outputs["name"] == record.inputs["role"]]
    for each in (*account.of("aws:eks/nodeGroup:*"), *account.of("aws:eks/cluster:*")):
        arn = each.inputs.get("nodeRoleArn") or each.inputs.get("roleArn")
        if roles and arn == roles[0].outputs["arn"]:
            return f"DependencyViolation: {each.label} works by this policy"
    return None


CREATIONS: Final = {
    "aws:eks/cluster:Cluster": _cluster_needs,
    "aws:eks/nodeGroup:NodeGroup": _node_group_needs,
    "aws:ec2/natGateway:NatGateway": _nat_needs,
    "aws:cloudwatch/logGroup:LogGroup": _log_group_is_free,
}
DELETIONS: Final = {
    "aws:ec2/internetGateway:InternetGateway": _gateway_is_free,
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": _attachment_is_free,
}


def allowed(settings: Mapping[str, Any], account: str) -> str | None:
    """The provider's own check of the account, before any other call."""
    permitted = settings.get("allowedAccountIds")
    forbidden = settings.get("forbiddenAccountIds") or ()
    if (permitted and account not in permitted) or account in forbidden:
        return f"AWS account ID not allowed: {account}"
    return None
