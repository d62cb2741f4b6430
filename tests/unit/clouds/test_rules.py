"""Operations that the simulated clouds refuse because of their order, like the real ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from local.clouds import refusals
from local.clouds.account import Account, Record
from local.clouds.clouds import CLOUDS

_ROLE = "aws:iam/role:Role"
_ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
_CLUSTER = "aws:eks/cluster:Cluster"
_POOL = "aws:eks/nodeGroup:NodeGroup"
_SUBNET = "aws:ec2/subnet:Subnet"
_NAT = "aws:ec2/natGateway:NatGateway"
_GATEWAY = "aws:ec2/internetGateway:InternetGateway"
_LOGS = "aws:cloudwatch/logGroup:LogGroup"
_KEY = "gcp:kms/cryptoKey:CryptoKey"
_MEMBER = "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember"
_GKE = "gcp:container/cluster:Cluster"
_GKE_POOL = "gcp:container/nodePool:NodePool"


def _record(token: str, resource_id: str, **inputs: Any) -> Record:
    outputs = {"arn": f"arn:{resource_id}", **inputs}
    return Record(token, resource_id, f"urn::{resource_id}", "0" * 64, inputs, outputs)


def _attached(policy: str) -> Record:
    return _record(_ATTACHMENT, policy, role="r", policyArn=f"arn:aws:iam::aws:policy/{policy}")


ROLE = _record(_ROLE, "r", name="r")
SUBNET = _record(_SUBNET, "s", vpcId="v")
NAT = _record(_NAT, "n", subnetId="s")
GATEWAY = _record(_GATEWAY, "g", vpcId="v")
CLUSTER = _record(_CLUSTER, "c", roleArn="arn:r", enabledClusterLogTypes=["audit"])
POOL = _record(_POOL, "p", nodeRoleArn="arn:r")
LOGS = _record(_LOGS, "l", name="/aws/eks/c/cluster")
KEY = _record(_KEY, "k")
GKE = _record(_GKE, "gke", databaseEncryption={"keyName": "k"})
GKE_POOL = _record(_GKE_POOL, "gp", nodeConfig={"bootDiskKmsKey": "k"})


def _agent(name: str) -> Record:
    member = f"serviceAccount:service-1@{name}.iam.gserviceaccount.com"
    return _record(_MEMBER, name, cryptoKeyId="k", member=member)


#: A resource, one that exists, one that it needs first, and a part of the reason without that.
CREATIONS = [
    (CLUSTER, ROLE, _attached("AmazonEKSClusterPolicy"), "AmazonEKSClusterPolicy attached yet"),
    (POOL, ROLE, _attached("AmazonEKSWorkerNodePolicy"), "AmazonEKSWorkerNodePolicy"),
    (NAT, SUBNET, GATEWAY, "Gateway.NotAttached"),
    (GKE, KEY, _agent("container-engine-robot"), "container-engine-robot"),
    (GKE_POOL, KEY, _agent("compute-system"), "compute-system"),
]
#: A resource, existing ones that prevent its deletion, and a part of the reason.
DELETIONS = [
    (GATEWAY, (SUBNET, NAT), "mapped public addresses"),
    (_attached("AmazonEKSWorkerNodePolicy"), (ROLE, POOL), "works by this policy"),
    (SUBNET, (NAT,), "is still used by NatGateway n"),
]


def _account(directory: Path, record: Record, *existing: Record) -> Account:
    account = Account(directory / record.type.partition(":")[0])
    with account.open():
        for each in existing:
            account.apply("create", each)
    return account


@pytest.mark.parametrize(("record", "existing", "needed", "reason"), CREATIONS)
def test_a_resource_is_not_made_before_one_that_it_needs(
    tmp_path: Path, record: Record, existing: Record, needed: Record, reason: str
) -> None:
    cloud = CLOUDS[record.type.partition(":")[0]]
    account = _account(tmp_path, record, existing)
    with account.open():
        assert reason in str(refusals.of_creation(record, cloud, account))
        account.apply("create", needed)
        assert refusals.of_creation(record, cloud, account) is None


@pytest.mark.parametrize(("record", "existing", "reason"), DELETIONS)
def test_a_resource_is_not_deleted_before_one_that_needs_it(
    tmp_path: Path, record: Record, existing: tuple[Record, ...], reason: str
) -> None:
    cloud = CLOUDS[record.type.partition(":")[0]]
    account = _account(tmp_path, record, record, *existing)
    with account.open():
        assert reason in str(refusals.of_deletion(record, cloud, account))
        account.apply("delete", existing[-1])
        assert refusals.of_deletion(record, cloud, account) is None


def test_the_log_group_that_eks_makes_itself_cannot_be_made_after_the_cluster(
    tmp_path: Path,
) -> None:
    account = _account(tmp_path, LOGS, CLUSTER)
    with account.open():
        assert "ResourceAlreadyExists" in str(refusals.of_creation(LOGS, CLOUDS["aws"], account))
        account.apply("delete", CLUSTER)
        assert refusals.of_creation(LOGS, CLOUDS["aws"], account) is None


@pytest.mark.parametrize(
    ("token", "inputs", "protected"),
    [
        (_CLUSTER, {"deletionProtection": True}, True),
        (_CLUSTER, {}, False),
        (_GKE, {}, True),
        (_GKE, {"deletionProtection": False}, False),
        ("alicloud:kms/key:Key", {"deletionProtection": "Enabled"}, True),
        ("alicloud:kms/key:Key", {"deletionProtection": "Disabled"}, False),
        ("gcp:filestore/instance:Instance", {"deletionProtectionEnabled": True}, True),
    ],
)
def test_a_protected_resource_is_not_deleted(
    tmp_path: Path, token: str, inputs: dict[str, Any], protected: bool
) -> None:
    record = _record(token, "x", **inputs)
    account = _account(tmp_path, record, record)
    with account.open():
        reason = refusals.of_deletion(record, CLOUDS[token.partition(":")[0]], account)
    assert (reason is not None and "is protected by" in reason) is protected
