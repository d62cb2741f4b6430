"""Settings outside of `slipway:` in a stack file: they are passed to the providers, or refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pulumi
import pytest

from components import registry
from components.config.load import load
from components.sdk_arguments import Shape, provider_arguments
from components.stack import deploy
from tests.unit.clouds import ack_stack, aws, gke
from tests.unit.clouds.every import CLOUDS
from tests.unit.clouds.platform_stack import CLUSTER, Platform
from tests.unit.clouds.test_reference_identity import IDENTITY_OUTPUTS, SOURCES
from tests.unit.components.engine import Cloud, Recording, run
from tests.unit.components.environment import model, stack_file

PACKAGES = {"ack": "alicloud", "eks": "aws", "gke": "gcp"}
CLUSTERS = {"ack": ack_stack.ack(), "eks": aws.cluster(), "gke": gke.cluster()}
SECRET = "s3cr3t-w0rd"
#: A value of each shape that is no provider's default.
VALUES: dict[Shape, Any] = {
    "text": "set",
    "true or false": False,
    "a number": 4711,
    "a list": ["set"],
    "a map": {"setByTheFile": "set"},
}
#: Values of settings for which more than the shape is checked.
SPECIAL = {
    ("aws", "assumeRoles"): [{"roleArn": "arn:aws:iam::111122223333:role/deploy"}],
    ("aws", "region"): "eu-central-1",
    ("gcp", "project"): "my-project",
    ("gcp", "region"): "us-central1",
    ("alicloud", "region"): "cn-hangzhou",
    ("alicloud", "accountId"): ack_stack.ACCOUNT,
}


def platform(kind: str, settings: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A stack file with only a cluster of `kind`, and provider `settings`."""
    cluster = {**CLUSTERS[kind], **changes}
    return {"cluster": cluster, **(settings or {})}


def up(config: dict[str, Any], cloud: Cloud, **settings: Any) -> Recording:
    return run(lambda: deploy(load()), config, cloud=cloud, **settings)


def refused(config: dict[str, Any], cloud: Cloud | None = None, **settings: Any) -> str:
    registered: list[Recording] = []
    with pytest.raises(pulumi.RunError) as error:
        registered.append(up(config, cloud or Cloud(), **settings))
    assert not registered
    return str(error.value)


def entry(text: str, path: str) -> str:
    """The mistake at `path` in an error text."""
    entries = re.split(r"\n  (?=\S)", text)[1:]
    (text_of_path,) = [each for each in entries if re.split(r"[ \n]", each)[0] == path]
    return text_of_path


def refusals() -> Iterator[tuple[str, str, str]]:
    """The settings that are refused, as kind of cluster, package and key."""
    for kind in registry.CLUSTERS.kinds():
        identity = {"identity": "eks"} if kind == "reference" else {}
        options = registry.CLUSTERS.options(kind)
        for keys in options.provider_keys(identity):
            yield from ((kind, keys.package, key) for key in keys.refused)


def of_kind(kind: str, **settings: Any) -> dict[str, Any]:
    """A stack file on a cluster of any kind, with provider `settings`."""
    if kind in CLUSTERS:
        return {"cluster": CLUSTERS[kind], **settings}
    cluster = {**CLUSTER, "identity": "eks"} if kind == "reference" else {"kind": kind}
    return {**stack_file(cluster=cluster), **settings}


@pytest.mark.parametrize("kind", CLUSTERS)
def test_every_setting_of_a_cloud_reaches_its_provider(kind: str) -> None:
    package = PACKAGES[kind]
    keys = registry.CLUSTERS.options(kind).provider_keys({})[0]
    values = {
        key: SPECIAL.get((package, key), VALUES[argument.shape])
        for key, argument in provider_arguments(package).items()
        if key not in keys.refused and key != "skipRequestingAccountId"
    }
    config = platform(kind, {f"{package}:{key}": value for key, value in values.items()})
    inputs = up(config, CLOUDS[kind]).one(package).inputs
    for key, value in values.items():
        arrived = inputs[key] if isinstance(value, str) else json.loads(inputs[key])
        assert arrived == value or (key == "defaultTags" and value.items() <= arrived.items()), key


@pytest.mark.parametrize("kind", ["ack", "eks", "gke", "existing", "local"])
def test_every_setting_of_kubernetes_reaches_the_provider_of_every_kind(kind: str) -> None:
    keys = registry.CLUSTERS.options(kind).provider_keys({})[-1]
    values = {
        key: VALUES[argument.shape]
        for key, argument in provider_arguments("kubernetes").items()
        if key not in keys.refused and (kind, key) != ("local", "upsertExistingObjects")
    }
    settings = {f"kubernetes:{key}": value for key, value in values.items()}
    recording = up(of_kind(kind, **settings), CLOUDS.get(kind, Cloud()))
    for provider in recording.of("kubernetes"):
        for key, value in values.items():
            arrived = provider.inputs[key]
            assert (arrived if isinstance(value, str) else json.loads(arrived)) == value, key


@pytest.mark.parametrize(("kind", "package", "key"), refusals())
def test_the_value_of_a_refused_setting_is_not_quoted_and_the_fix_is_accepted(
    kind: str, package: str, key: str
) -> None:
    cluster_output = {"kind": "eks", "name": "p", "identity": IDENTITY_OUTPUTS["eks"]}
    cloud = Platform(cluster_output) if kind == "reference" else CLOUDS.get(kind)
    path = f"{package}:{key}"
    for secret in (False, True):
        keys = {"secret_keys": (path,)} if secret else {}
        message = refused(of_kind(kind, **{path: SECRET}), cloud, **keys)
        assert SECRET not in message
        assert f"`pulumi config rm {path}`" in entry(message, path).partition("fix: ")[2]
    assert up(of_kind(kind), cloud or Cloud()).resources


@pytest.mark.parametrize(
    ("kind", "path", "value", "expected", "fix"),
    [
        ("eks", "aws:region", "us-east-1", "`\"eu-central-1\"`, as in `slipway:cluster.region`",
         "`pulumi config rm aws:region`, or change slipway:cluster.region"),
        ("gke", "gcp:project", "other", "`\"my-project\"`, as in `slipway:cluster.project`",
         "or change slipway:cluster.project"),
        ("ack", "alicloud:region", "cn-beijing", '`"cn-hangzhou"`', "pulumi config rm"),
        ("eks", "aws:profil", "p", "one of the keys", "did you mean `aws:profile`?"),
        ("gke", "gcp:projcet", "p", "a setting that the provider has", "run `pulumi config rm gcp:projcet`"),
        ("eks", "aws:maxRetries", "many", "a number", "`pulumi config set aws:maxRetries '5'`"),
        ("eks", "aws:insecure", "1", "true or false", "`pulumi config set aws:insecure 'true'`"),
        ("eks", "aws:defaultTags", "tag", "a map", "pulumi config set aws:defaultTags '{"),
        ("eks", "aws:sharedConfigFiles", ["a", "b"], "one file", "merge them"),
        ("eks", "aws:assumeRoles", [{"roleArn": "a"}, {"roleArn": "b"}], "one role",
         "`pulumi config set aws:profile NAME`"),
        ("eks", "aws:assumeRoles", [{"roleArn": "a", "externalId": "e"}], "without `externalId`",
         "source_profile"),
        ("eks", "gcp:project", "p", "settings of `aws` or `kubernetes`", "config rm gcp:project`"),
        ("eks", "alicloud:region", "cn-hangzhou", "settings of `aws`", "config rm alicloud:region`"),
        ("existing", "aws:region", "us-east-1", "settings of `kubernetes`", "config rm aws:region`"),
        ("existing", "kubernetes:context", "kind", "a cluster named under `slipway:cluster`",
         "as slipway:cluster.context"),
        ("reference", "aws:region", "us-east-1", "the other stack's cluster", "config rm"),
        ("gke", "kubernetes:namespace", "apps", "under `slipway:namespace`", "as slipway:namespace"),
    ],
)  # fmt: skip
def test_a_setting_that_would_be_ignored_is_a_mistake(
    kind: str, path: str, value: Any, expected: str, fix: str
) -> None:
    text = entry(refused(of_kind(kind, **{path: value}), CLOUDS.get(kind)), path)
    expectation, _, proposal = text.partition("fix: ")
    assert expected in expectation
    assert fix in proposal


def test_wrong_settings_are_reported_together_with_all_other_mistakes() -> None:
    config = platform("eks", {"aws:region": "us-east-1", "slipway:modles": {}}, version="9.9")
    message = refused(config)
    for path in ("aws:region", "slipway:cluster.version", "slipway:modles"):
        assert entry(message, path)


def test_a_setting_that_may_be_a_secret_has_to_be_encrypted() -> None:
    path, proxy = "aws:httpsProxy", f"http://me:{SECRET}@proxy.example.com"
    message = refused(platform("eks", {path: proxy}))
    assert SECRET not in message
    assert f"`pulumi config set --secret {path}`" in entry(message, path)
    inputs = up(platform("eks", {path: proxy}), aws.Aws(), secret_keys=(path,)).one("aws").inputs
    assert inputs["httpsProxy"]["4dabf18193072939515e22adb298388d"]
    assert inputs["httpsProxy"]["value"] == proxy


def test_default_tags_of_the_file_are_merged_with_the_stack_s() -> None:
    config = platform("eks", {"aws:defaultTags": {"tags": {"team": "ml"}}})
    tags = json.loads(up(config, aws.Aws()).one("aws").inputs["defaultTags"])
    assert tags == {"tags": {"team": "ml", "slipway-stack": "slipway-dev"}}


def login(recording: Recording) -> dict[str, Any]:
    """The login program in the kubeconfig of the stack's outputs."""
    user: dict[str, Any] = json.loads(recording.outputs["kubeconfig"])["users"][0]["user"]["exec"]
    return user


def test_the_login_of_eks_uses_the_provider_s_credentials() -> None:
    role = "arn:aws:iam::111122223333:role/deploy"
    eks_login = login(
        up(
            platform(
                "eks",
                {
                    "aws:profile": "production",
                    "aws:assumeRoles": [{"roleArn": role, "sessionName": "up"}],
                    "aws:sharedCredentialsFiles": ["/etc/aws/credentials"],
                },
            ),
            aws.Aws(),
        )
    )
    assert eks_login["args"][-4:] == ["--profile", "production", "--role-arn", role]
    assert eks_login["env"] == [
        {"name": "AWS_SHARED_CREDENTIALS_FILE", "value": "/etc/aws/credentials"}
    ]
    plain = login(up(platform("eks"), aws.Aws()))
    assert "--profile" not in plain["args"]
    assert "env" not in plain


def test_the_login_of_gke_uses_the_provider_s_credentials() -> None:
    settings = {
        "gcp:impersonateServiceAccount": "up@my-project.iam.gserviceaccount.com",
        "gcp:impersonateServiceAccountDelegates": ["a@b.iam.gserviceaccount.com"],
    }
    gke_login = login(up(platform("gke", settings), gke.Gcp()))
    chain = "a@b.iam.gserviceaccount.com,up@my-project.iam.gserviceaccount.com"
    assert gke_login["args"] == [f"--impersonate_service_account={chain}"]
    assert "args" not in login(up(platform("gke"), gke.Gcp()))


def test_the_login_of_ack_uses_the_provider_s_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALICLOUD_PROFILE", "of-the-environment")
    plain = up(platform("ack"), ack_stack.Alibaba())
    assert plain.one("alicloud").inputs["profile"] == "of-the-environment"
    assert login(plain)["args"][-2:] == ["--profile-name", "of-the-environment"]
    settings = {
        "alicloud:profile": "production",
        "alicloud:sharedCredentialsFile": "/etc/aliyun/config.json",
    }
    arguments = login(up(platform("ack", settings), ack_stack.Alibaba()))["args"]
    expected = ["--profile-name", "production", "--profile-file", "/etc/aliyun/config.json"]
    assert arguments[-4:] == expected


@pytest.mark.parametrize("kind", SOURCES)
def test_the_provider_for_identities_on_another_stack_s_cluster_has_the_file_s_settings(
    kind: str,
) -> None:
    key = {"ack": "alicloud:profile", "eks": "aws:profile", "gcp": ""}.get(
        kind, "gcp:billingProject"
    )
    config = stack_file(
        cluster={**CLUSTER, "identity": kind},
        models={"half_plus_two": model(source=SOURCES[kind])},
        volumes=None,
    )
    cluster_output = {"kind": kind, "name": "p", "identity": IDENTITY_OUTPUTS[kind]}
    recording = up({**config, key: "production"}, Platform(cluster_output, CLOUDS[kind]))
    package, _, name = key.partition(":")
    assert recording.one(package).inputs[name] == "production"
