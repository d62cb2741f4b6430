"""The account and region of a stack: they are printed, and `account` pins the account."""

from __future__ import annotations

from typing import Any

import grpc
import pulumi
import pytest

from components.config.load import load
from components.stack import deploy
from tests.unit.clouds import ack_stack, aws, gke
from tests.unit.clouds.platform_stack import CLUSTER, Platform
from tests.unit.clouds.test_reference_identity import IDENTITY_OUTPUTS, SOURCES
from tests.unit.components.engine import Cloud, Recording, run
from tests.unit.components.environment import model, stack_file

CLUSTERS = {"ack": ack_stack.ack, "eks": aws.cluster}
ACCOUNTS = {"ack": ack_stack.ACCOUNT, "eks": aws.ACCOUNT}
OTHERS = {"ack": "9" * 16, "eks": "9" * 12}
#: The types that may be registered before the account is checked.
BEFORE = {
    "pulumi:pulumi:Stack",
    *("slipway:clusters:AckCluster", "pulumi:providers:alicloud"),
    *("slipway:clusters:EksCluster", "pulumi:providers:aws"),
}


class _Refused(grpc.RpcError):
    """The error of a plugin that refuses to call a function."""

    def __init__(self, message: str) -> None:
        self._message = message

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        return self._message


NO_CREDENTIALS = "no valid credential sources found\nand more"


class _Seen(Cloud):
    """A mock that records the types that are made. With `refuses`, the error message, it does not
    answer `getCallerIdentity`."""

    def __init__(self, cloud: Cloud, refuses: str = "") -> None:
        self._cloud, self._refuses, self.seen = cloud, refuses, set[str]()

    def outputs_of(self, type_: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
        self.seen.add(type_)
        return self._cloud.outputs_of(type_, name, inputs)

    def result_of(self, function: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if self._refuses and "getCallerIdentity" in function:
            raise _Refused(self._refuses)
        return self._cloud.result_of(function, arguments)


REAL = {"ack": ack_stack.Alibaba, "eks": aws.Aws}


def up(kind: str, cloud: Cloud | None = None, preview: bool = False, **changes: Any) -> Recording:
    config = {"cluster": CLUSTERS[kind](**changes)}
    return run(lambda: deploy(load()), config, cloud=cloud or REAL[kind](), preview=preview)


@pytest.mark.parametrize("preview", [True, False])
@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("ack", f"Alibaba Cloud: account {ack_stack.ACCOUNT}, region cn-hangzhou"),
        ("eks", f"AWS: account {aws.ACCOUNT}, region eu-central-1"),
    ],
)
def test_account_and_region_are_printed(kind: str, message: str, preview: bool) -> None:
    assert up(kind, preview=preview).notes == [message]


def test_project_and_region_of_google_cloud_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_PROJECT", "elsewhere")
    (message,) = gke.up().notes
    assert message == (
        "Google Cloud: project my-project, region us-central1; project elsewhere, which the "
        "environment names, is not used"
    )


def test_a_region_in_the_environment_is_reported_as_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    recording = up("eks")
    assert recording.one("aws").inputs["region"] == "eu-central-1"
    assert "; region us-west-2, which the environment names, is not used" in recording.notes[0]


@pytest.mark.parametrize("kind", ACCOUNTS)
def test_the_pinned_account_is_printed(kind: str) -> None:
    (message,) = up(kind, account=ACCOUNTS[kind]).notes
    assert f"account {ACCOUNTS[kind]}, as `slipway:cluster.account` says" in message


@pytest.mark.parametrize("preview", [True, False])
@pytest.mark.parametrize("kind", ACCOUNTS)
def test_another_account_is_refused_before_anything_is_made(kind: str, preview: bool) -> None:
    cloud = _Seen(REAL[kind]())
    with pytest.raises(pulumi.RunError) as refused:
        up(kind, cloud, preview, account=OTHERS[kind])
    message = str(refused.value)
    assert message.startswith(f"slipway:cluster.account is `{OTHERS[kind]}`")
    assert f"`{ACCOUNTS[kind]}`" in message
    assert cloud.seen <= BEFORE


@pytest.mark.parametrize("account", [None, "pinned"])
@pytest.mark.parametrize("kind", ACCOUNTS)
def test_a_preview_without_credentials_says_that_the_account_is_not_known(
    kind: str, account: str | None
) -> None:
    pinned = {"account": OTHERS[kind]} if account else {}
    recording = up(kind, _Seen(REAL[kind](), NO_CREDENTIALS), preview=True, **pinned)
    assert "account not known (no valid credential sources found)" in recording.notes[0]
    assert recording.of("Cluster") or recording.of("ManagedKubernetes")


@pytest.mark.parametrize("kind", ACCOUNTS)
def test_up_fails_if_a_pinned_account_cannot_be_compared(kind: str) -> None:
    with pytest.raises(pulumi.RunError, match=r"no valid credential sources found\): nothing"):
        up(kind, _Seen(REAL[kind](), NO_CREDENTIALS), account=ACCOUNTS[kind])


def test_an_account_that_the_provider_refuses_is_reported() -> None:
    cloud = _Seen(aws.Aws(), f"AWS account ID not allowed: {OTHERS['eks']}")
    with pytest.raises(pulumi.RunError, match=f"are of account `{OTHERS['eks']}`"):
        up("eks", cloud, preview=True, account=aws.ACCOUNT)
    assert cloud.seen <= BEFORE


def test_the_aws_provider_itself_refuses_other_accounts_than_the_pinned_one() -> None:
    assert up("eks", account=aws.ACCOUNT).one("aws", "cluster-aws").inputs["allowedAccountIds"] == (
        f'["{aws.ACCOUNT}"]'
    )
    assert "allowedAccountIds" not in up("eks").one("aws").inputs


def test_an_account_in_the_provider_s_settings_is_compared_too() -> None:
    config = {"cluster": ack_stack.ack(), "alicloud:accountId": OTHERS["ack"]}
    with pytest.raises(pulumi.RunError, match=OTHERS["ack"]):
        run(lambda: deploy(load()), config, cloud=ack_stack.Alibaba())


@pytest.mark.parametrize(
    ("kind", "account", "expected", "fix"),
    [
        ("eks", "1234", "12 digits", "aws sts get-caller-identity"),
        ("eks", 111122223333, "text", "in quotes"),
        ("ack", "1234", "16 digits", "aliyun sts GetCallerIdentity"),
    ],
)
def test_an_invalid_account_is_a_mistake(kind: str, account: Any, expected: str, fix: str) -> None:
    with pytest.raises(pulumi.RunError) as refused:
        up(kind, account=account)
    assert expected in str(refused.value)
    assert fix in str(refused.value)


def test_an_account_cannot_be_pinned_if_the_provider_does_not_request_it() -> None:
    config = {
        "cluster": aws.cluster(account=aws.ACCOUNT),
        "aws:skipRequestingAccountId": True,
    }
    with pytest.raises(pulumi.RunError, match="config rm aws:skipRequestingAccountId"):
        run(lambda: deploy(load()), config, cloud=aws.Aws())


def referring(kind: str, cloud: Cloud) -> Recording:
    """A stack with a model on the cluster of another stack."""
    config = stack_file(
        cluster={**CLUSTER, "identity": kind},
        models={"half_plus_two": model(source=SOURCES[kind])},
        volumes=None,
    )
    platform = Platform({"kind": kind, "name": "p", "identity": IDENTITY_OUTPUTS[kind]}, cloud)
    return run(lambda: deploy(load()), config, cloud=platform)


def test_on_a_cluster_of_another_stack_the_aws_provider_refuses_other_accounts_than_the_cluster_s() -> (
    None
):
    inputs = referring("eks", aws.Aws()).one("aws").inputs
    assert inputs["allowedAccountIds"] == f'["{aws.ACCOUNT}"]'


class Elsewhere(ack_stack.Alibaba):
    """Credentials of another account."""

    def result_of(self, function: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if "getCallerIdentity" in function:
            return {"accountId": OTHERS["ack"]}
        return super().result_of(function, arguments)


def test_on_a_cluster_of_another_stack_no_ram_role_is_made_in_another_account() -> None:
    cloud = _Seen(Elsewhere())
    with pytest.raises(pulumi.RunError, match=f"account `{OTHERS['ack']}`"):
        referring("ack", cloud)
    assert not [each for each in cloud.seen if each.startswith("alicloud:")]
