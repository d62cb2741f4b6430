"""What a simulated account knows of its resources, and who gets a token for its clusters."""

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


def _users(account: Account, of: Record, *others: Record) -> list[str]:
    with account.open():
        for each in (of, *others):
            account.apply("create", each)
        return [each.id for each in account.users(of, {"clusterName": "aws:eks/cluster:*"})]


@pytest.mark.parametrize(
    ("inputs", "uses"),
    [
        ({"vpcConfig": {"subnetIds": ["subnet-1", "subnet-2"]}}, True),
        ({"subnetArn": "arn:subnet-2"}, True),
        ({"vpcConfig": {"subnetIds": ["subnet-1"]}}, False),
        ({"policy": '{"Resource": "subnet-2"}'}, False),
    ],
)
def test_whoever_names_an_id_or_an_arn_anywhere_uses_it(
    account: Account, inputs: dict[str, Any], uses: bool
) -> None:
    subnet = _record("aws:ec2/subnet:Subnet", "subnet-2")
    other = _record(_CLUSTER, "other", **inputs)
    assert _users(account, subnet, other) == (["other"] if uses else [])


@pytest.mark.parametrize(("key", "uses"), [("clusterName", True), ("repository", False)])
def test_a_plain_name_is_a_use_only_where_it_names_that_kind(
    account: Account, key: str, uses: bool
) -> None:
    cluster = _record(_CLUSTER, "models", name="models")
    other = _record("aws:eks/addon:Addon", "other", **{key: "models"})
    assert _users(account, cluster, other) == (["other"] if uses else [])


def test_what_is_named_by_another_is_not_used_by_it(account: Account) -> None:
    policy = _record("aws:ecr/lifecyclePolicy:LifecyclePolicy", "models", repository="models")
    repository = _record("aws:ecr/repository:Repository", "models", name="models")
    assert _users(account, policy, repository) == []


def test_what_is_made_again_has_another_stamp_and_a_new_account_the_same_ones(
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
def test_a_change_of_what_cannot_be_changed_replaces(
    keys: tuple[str, ...], old: dict[str, Any], new: dict[str, Any], replaces: bool
) -> None:
    assert create_only.holds(_CLUSTER, keys, old, new) is replaces


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """The directory of an account with one cluster in each cloud, called `models`."""
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
def test_a_cluster_that_is_there_has_a_token(
    directory: Path, program: str, arguments: Sequence[str]
) -> None:
    assert credentials.token(program, arguments, directory)["token"] == "theirs"


@pytest.mark.parametrize(
    ("program", "arguments", "said"),
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
def test_another_question_is_answered_by_no(
    directory: Path, program: str, arguments: Sequence[str], said: str
) -> None:
    with pytest.raises(credentials.Refused, match=said):
        credentials.token(program, arguments, directory)


def test_the_home_takes_no_credentials_along_and_the_dev_stack_does_not_know_of_it(
    tmp_path: Path,
) -> None:
    given = {"AWS_PROFILE": "p", "GOOGLE_CREDENTIALS": "g", ACCOUNT: "there", "LANG": "C"}
    made = home.variables(tmp_path, given)
    assert given.keys() & made.keys() == {"LANG"}
    assert made[SIMULATED] == "1"
    said = exports(Clone(tmp_path))
    assert SIMULATED not in said
    assert "simulated" not in said.lower()
