"""What the simulated clouds refuse by the order of things, as the real ones would or should."""

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


def _made(token: str, resource_id: str, **inputs: Any) -> Record:
    outputs = {"arn": f"arn:{resource_id}", **inputs}
    return Record(token, resource_id, f"urn::{resource_id}", "0" * 64, inputs, outputs)


def _attached(policy: str) -> Record:
    return _made(_ATTACHMENT, policy, role="r", policyArn=f"arn:aws:iam::aws:policy/{policy}")


ROLE = _made(_ROLE, "r", name="r")
SUBNET = _made(_SUBNET, "s", vpcId="v")
NAT = _made(_NAT, "n", subnetId="s")
GATEWAY = _made(_GATEWAY, "g", vpcId="v")
CLUSTER = _made(_CLUSTER, "c", roleArn="arn:r", enabledClusterLogTypes=["audit"])
POOL = _made(_POOL, "p", nodeRoleArn="arn:r")
LOGS = _made(_LOGS, "l", name="/aws/eks/c/cluster")
KEY = _made(_KEY, "k")
GKE = _made(_GKE, "gke", databaseEncryption={"keyName": "k"})
GKE_POOL = _made(_GKE_POOL, "gp", nodeConfig={"bootDiskKmsKey": "k"})


def _agent(name: str) -> Record:
    member = f"serviceAccount:service-1@{name}.iam.gserviceaccount.com"
    return _made(_MEMBER, name, cryptoKeyId="k", member=member)


#: What is made, what has to be there first, and what is said where it is not.
CREATIONS = [
    (CLUSTER, ROLE, _attached("AmazonEKSClusterPolicy"), "AmazonEKSClusterPolicy attached yet"),
    (POOL, ROLE, _attached("AmazonEKSWorkerNodePolicy"), "AmazonEKSWorkerNodePolicy"),
    (NAT, SUBNET, GATEWAY, "Gateway.NotAttached"),
    (GKE, KEY, _agent("container-engine-robot"), "container-engine-robot"),
    (GKE_POOL, KEY, _agent("compute-system"), "compute-system"),
]
#: What is deleted, beside what it cannot be, and what is said.
DELETIONS = [
    (GATEWAY, (SUBNET, NAT), "mapped public addresses"),
    (_attached("AmazonEKSWorkerNodePolicy"), (ROLE, POOL), "works by this policy"),
    (SUBNET, (NAT,), "is still used by NatGateway n"),
]


def _account(directory: Path, record: Record, *there: Record) -> Account:
    account = Account(directory / record.type.partition(":")[0])
    with account.open():
        for each in there:
            account.apply("create", each)
    return account


@pytest.mark.parametrize(("made", "there", "first", "said"), CREATIONS)
def test_what_needs_another_is_not_made_before_it(
    tmp_path: Path, made: Record, there: Record, first: Record, said: str
) -> None:
    cloud = CLOUDS[made.type.partition(":")[0]]
    account = _account(tmp_path, made, there)
    with account.open():
        assert said in str(refusals.of_creation(made, cloud, account))
        account.apply("create", first)
        assert refusals.of_creation(made, cloud, account) is None


@pytest.mark.parametrize(("gone", "there", "said"), DELETIONS)
def test_what_another_needs_is_not_deleted_before_it(
    tmp_path: Path, gone: Record, there: tuple[Record, ...], said: str
) -> None:
    cloud = CLOUDS[gone.type.partition(":")[0]]
    account = _account(tmp_path, gone, gone, *there)
    with account.open():
        assert said in str(refusals.of_deletion(gone, cloud, account))
        account.apply("delete", there[-1])
        assert refusals.of_deletion(gone, cloud, account) is None


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
def test_what_is_protected_stays(
    tmp_path: Path, token: str, inputs: dict[str, Any], protected: bool
) -> None:
    record = _made(token, "x", **inputs)
    account = _account(tmp_path, record, record)
    with account.open():
        said = refusals.of_deletion(record, CLOUDS[token.partition(":")[0]], account)
    assert (said is not None and "is protected by" in said) is protected
