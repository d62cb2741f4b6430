"""Simulated accounts: which resources use each other, and tokens for their clusters."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from local.clouds import ACCOUNT, SIMULATED, create_only, credentials, home
from local.clouds.account import API, PROFILES, Account, Record
from local.clouds.clouds import CLOUDS
from local.environment import exports
from local.paths import Clone

_CLUSTER = "aws:eks/cluster:Cluster"


def _record(token: str, resource_id: str, **inputs: Any) -> Record:
    outputs = {**inputs, "arn": f"arn:{resource_id}"}
    return Record(token, resource_id, f"urn::{resource_id}", "0" * 64, inputs, outputs)


@pytest.fixture
def account(tmp_path: Path) -> Account:
    return Account(tmp_path / "aws")


def _users(account: Account, record: Record, *others: Record) -> list[str]:
    """The IDs of those of `others` that use `record`."""
    with account.open():
        for each in (record, *others):
            account.apply("create", each)
        return [each.id for each in account.users(record, {"clusterName": "aws:eks/cluster:*"})]


@pytest.mark.parametrize(
    ("inputs", "uses"),
    [
        ({"vpcConfig": {"subnetIds": ["subnet-1", "subnet-2"]}}, True),
        ({"subnetArn": "arn:subnet-2"}, True),
        ({"vpcConfig": {"subnetIds": ["subnet-1"]}}, False),
        ({"policy": '{"Resource": "subnet-2"}'}, False),
    ],
)
def test_a_resource_with_the_id_or_the_arn_of_another_in_its_inputs_uses_it(
    account: Account, inputs: dict[str, Any], uses: bool
) -> None:
    subnet = _record("aws:ec2/subnet:Subnet", "subnet-2")
    other = _record(_CLUSTER, "other", **inputs)
    assert _users(account, subnet, other) == (["other"] if uses else [])


@pytest.mark.parametrize(("key", "uses"), [("clusterName", True), ("repository", False)])
def test_a_plain_name_is_a_use_only_in_a_property_that_refers_to_that_type(
    account: Account, key: str, uses: bool
) -> None:
    cluster = _record(_CLUSTER, "models", name="models")
    other = _record("aws:eks/addon:Addon", "other", **{key: "models"})
    assert _users(account, cluster, other) == (["other"] if uses else [])


def test_a_resource_whose_id_is_another_s_name_is_not_used_by_that_one(account: Account) -> None:
    policy = _record("aws:ecr/lifecyclePolicy:LifecyclePolicy", "models", repository="models")
    repository = _record("aws:ecr/repository:Repository", "models", name="models")
    assert _users(account, policy, repository) == []


def test_a_resource_made_again_has_another_stamp_but_the_same_as_in_a_new_account(
    tmp_path: Path,
) -> None:
    stamps = []
    for name in ("first", "second"):
        account = Account(tmp_path / name)
        with account.open():
            stamps.append(account.stamp("urn::x"))
            account.apply("create", _record(_CLUSTER, "x"))
            stamps.append(account.stamp("urn::x"))
    assert stamps[0] == stamps[2] != stamps[1] == stamps[3]


@pytest.mark.parametrize(
    ("keys", "old", "new", "replaces"),
    [
        (("roleArn",), {"roleArn": "a"}, {"roleArn": "b"}, True),
        (("tags", "a"), {}, {"tags": {"a": "b"}}, False),
        (("kubernetesNetworkConfig", "ipFamily"), {}, {}, True),
        (("kubernetesNetworkConfig",), {}, {"kubernetesNetworkConfig": {"ipFamily": "ipv6"}}, True),
        (
            ("kubernetesNetworkConfig",),
            {},
            {"kubernetesNetworkConfig": {"elasticLoadBalancing": {"enabled": True}}},
            False,
        ),
    ],
)
def test_a_change_of_a_create_only_property_replaces_the_resource(
    keys: tuple[str, ...], old: dict[str, Any], new: dict[str, Any], replaces: bool
) -> None:
    assert create_only.holds(_CLUSTER, keys, old, new) is replaces


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A directory of accounts with one cluster named `models` in each cloud."""
    (tmp_path / API).write_text(json.dumps({"url": "", "ca": "", "token": "theirs"}))
    for cloud, _, _, _, kind in credentials.PROGRAMS.values():
        account = Account(tmp_path / cloud)
        with account.open():
            owner = f"arn::{CLOUDS[cloud].account}:models"
            account.apply("create", _record(kind, "models", owner=owner))
        (tmp_path / cloud / PROFILES).write_text(json.dumps({"others": "7"}))
    return tmp_path


@pytest.mark.parametrize(
    ("program", "arguments"),
    [
        ("aws", ["eks", "get-token", "--cluster-name", "models", "--output", "json"]),
        ("gke-gcloud-auth-plugin", []),
        ("ack-ram-tool", ["credential-plugin", "get-credential", "--cluster-id=models"]),
    ],
)
def test_an_existing_cluster_has_a_token(
    directory: Path, program: str, arguments: Sequence[str]
) -> None:
    assert credentials.token(program, arguments, directory)["token"] == "theirs"


@pytest.mark.parametrize(
    ("program", "arguments", "reason"),
    [
        ("aws", ["eks", "get-token", "--cluster-name", "other"], "no cluster other"),
        ("aws", ["eks", "get-token"], "--cluster-name is missing"),
        ("aws", ["s3", "ls"], "answers `eks get-token` alone"),
        ("ack-ram-tool", ["credential-plugin", "get-credential"], "--cluster-id is missing"),
        (
            "aws",
            ["eks", "get-token", "--cluster-name", "models", "--profile", "others"],
            "account 7 has no cluster models",
        ),
        (
            "ack-ram-tool",
            ["credential-plugin", "--cluster-id", "models", "--profile-name", "others"],
            "account 7 has no cluster models",
        ),
    ],
)
def test_a_token_for_anything_else_is_refused(
    directory: Path, program: str, arguments: Sequence[str], reason: str
) -> None:
    with pytest.raises(credentials.Refused, match=reason):
        credentials.token(program, arguments, directory)


def test_a_simulation_gets_no_credentials_and_the_dev_stack_is_not_simulated(
    tmp_path: Path,
) -> None:
    given = {"AWS_PROFILE": "p", "GOOGLE_CREDENTIALS": "g", ACCOUNT: "directory", "LANG": "C"}
    variables = home.variables(tmp_path, given)
    assert given.keys() & variables.keys() == {"LANG"}
    assert variables[SIMULATED] == "1"
    exported = exports(Clone(tmp_path))
    assert SIMULATED not in exported
    assert "simulated" not in exported.lower()
