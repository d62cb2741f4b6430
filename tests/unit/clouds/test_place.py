"""Which account and region a stack is made in: printed, and pinned by `account`."""

from __future__ import annotations

from typing import Any

import grpc
import pulumi
import pytest

from components.config.load import load
from components.stack import deploy
from tests.unit.clouds import ack_stack, aws, gke
from tests.unit.clouds.platform_stack import CLUSTER, Platform
from tests.unit.clouds.test_reference_identity import SOURCES, TOLD
from tests.unit.components.engine import Cloud, Recording, run
from tests.unit.components.environment import model, stack_file

CLUSTERS = {"ack": ack_stack.ack, "eks": aws.cluster}
ACCOUNTS = {"ack": ack_stack.ACCOUNT, "eks": aws.ACCOUNT}
OTHERS = {"ack": "9" * 16, "eks": "9" * 12}
#: What is registered before anything of the cloud is.
BEFORE = {
    "pulumi:pulumi:Stack",
    *("slipway:clusters:AckCluster", "pulumi:providers:alicloud"),
    *("slipway:clusters:EksCluster", "pulumi:providers:aws"),
}


class _Refused(grpc.RpcError):
    """What a plugin says to a function that it does not answer."""

    def __init__(self, said: str) -> None:
        self._said = said

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        return self._said


NO_CREDENTIALS = "no valid credential sources found\nand more"


class _Seen(Cloud):
    """A cloud that remembers which types were made; where it `refuses`, it does not tell who
    asks."""

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
    ("kind", "said"),
    [
        ("ack", f"Alibaba Cloud: account {ack_stack.ACCOUNT}, region cn-hangzhou"),
        ("eks", f"AWS: account {aws.ACCOUNT}, region eu-central-1"),
    ],
)
def test_account_and_region_are_printed(kind: str, said: str, preview: bool) -> None:
    assert up(kind, preview=preview).notes == [said]


def test_of_google_cloud_project_and_region_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_PROJECT", "elsewhere")
    (said,) = gke.up().notes
    assert said == (
        "Google Cloud: project my-project, region us-central1; project elsewhere, which the "
        "environment names, is not used"
    )


def test_a_region_of_the_environment_is_not_used_and_that_is_printed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    recording = up("eks")
    assert recording.one("aws").inputs["region"] == "eu-central-1"
    assert "; region us-west-2, which the environment names, is not used" in recording.notes[0]


@pytest.mark.parametrize("kind", ACCOUNTS)
def test_the_account_that_the_file_pins_is_used(kind: str) -> None:
    (said,) = up(kind, account=ACCOUNTS[kind]).notes
    assert f"account {ACCOUNTS[kind]}, as `slipway:cluster.account` says" in said


@pytest.mark.parametrize("preview", [True, False])
@pytest.mark.parametrize("kind", ACCOUNTS)
def test_another_account_is_refused_before_anything_is_made(kind: str, preview: bool) -> None:
    cloud = _Seen(REAL[kind]())
    with pytest.raises(pulumi.RunError) as refused:
        up(kind, cloud, preview, account=OTHERS[kind])
    told = str(refused.value)
    assert told.startswith(f"slipway:cluster.account is `{OTHERS[kind]}`")
    assert f"`{ACCOUNTS[kind]}`" in told
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
def test_an_account_that_cannot_be_compared_is_no_reason_to_go_on(kind: str) -> None:
    with pytest.raises(pulumi.RunError, match=r"no valid credential sources found\): nothing"):
        up(kind, _Seen(REAL[kind](), NO_CREDENTIALS), account=ACCOUNTS[kind])


def test_an_account_that_the_provider_refuses_is_named() -> None:
    cloud = _Seen(aws.Aws(), f"AWS account ID not allowed: {OTHERS['eks']}")
    with pytest.raises(pulumi.RunError, match=f"are of account `{OTHERS['eks']}`"):
        up("eks", cloud, preview=True, account=aws.ACCOUNT)
    assert cloud.seen <= BEFORE


def test_the_provider_of_aws_keeps_the_account_where_no_program_runs() -> None:
    assert up("eks", account=aws.ACCOUNT).one("aws", "cluster-aws").inputs["allowedAccountIds"] == (
        f'["{aws.ACCOUNT}"]'
    )
    assert "allowedAccountIds" not in up("eks").one("aws").inputs


def test_an_account_of_the_provider_s_own_setting_is_compared_too() -> None:
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
def test_an_impossible_account_is_a_mistake(
    kind: str, account: Any, expected: str, fix: str
) -> None:
    with pytest.raises(pulumi.RunError) as refused:
        up(kind, account=account)
    assert expected in str(refused.value)
    assert fix in str(refused.value)


def test_an_account_is_not_pinned_where_aws_is_not_to_be_asked_for_it() -> None:
    config = {
        "cluster": aws.cluster(account=aws.ACCOUNT),
        "aws:skipRequestingAccountId": True,
    }
    with pytest.raises(pulumi.RunError, match="config rm aws:skipRequestingAccountId"):
        run(lambda: deploy(load()), config, cloud=aws.Aws())


def beside(kind: str, cloud: Cloud) -> Recording:
    config = stack_file(
        cluster={**CLUSTER, "identity": kind},
        models={"half_plus_two": model(source=SOURCES[kind])},
        volumes=None,
    )
    platform = Platform({"kind": kind, "name": "p", "identity": TOLD[kind]}, cloud)
    return run(lambda: deploy(load()), config, cloud=platform)


def test_beside_a_platform_the_provider_of_aws_takes_its_account_alone() -> None:
    inputs = beside("eks", aws.Aws()).one("aws").inputs
    assert inputs["allowedAccountIds"] == f'["{aws.ACCOUNT}"]'


class Elsewhere(ack_stack.Alibaba):
    """Credentials of another account."""

    def result_of(self, function: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if "getCallerIdentity" in function:
            return {"accountId": OTHERS["ack"]}
        return super().result_of(function, arguments)


def test_beside_a_platform_no_role_is_made_in_another_account_of_alibaba_cloud() -> None:
    cloud = _Seen(Elsewhere())
    with pytest.raises(pulumi.RunError, match=f"account `{OTHERS['ack']}`"):
        beside("ack", cloud)
    assert not [each for each in cloud.seen if each.startswith("alicloud:")]
