"""Pods on the cluster of another stack get the same identities as those of the cluster's own stack."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.config.load import load, validate
from components.stack import deploy
from tests.unit.clouds import ack_stack, aws, gke
from tests.unit.clouds.every import CLOUDS
from tests.unit.clouds.platform_stack import CLUSTER, STACK, Platform
from tests.unit.components.engine import Recording, Resource, run
from tests.unit.components.environment import model, stack_file

ROOT = Path(__file__).parents[3]
GCS = {"kind": "gcs", "uri": "gs://my-models/half_plus_two", "version": 1}
SOURCES = {"ack": ack_stack.OSS, "eks": aws.S3, "gke": GCS}
CLUSTERS = {
    "ack": ack_stack.ack(),
    "eks": aws.cluster(node_pools=aws.BOTH_POOLS),
    "gke": gke.cluster(),
}
#: The types, in the cloud and on the cluster, that make up an identity.
_PACKAGES = ("alicloud:", "aws:", "gcp:", "slipway:clusters:")
_OBJECTS = ("ServiceAccount", "PersistentVolume", "PersistentVolumeClaim")
#: The output `cluster.identity` of the stack that has the cluster.
IDENTITY_OUTPUTS = {
    "ack": {
        "region": "cn-hangzhou",
        "oidc_provider_arn": ack_stack.OIDC_PROVIDER,
        "oidc_issuer": ack_stack.OIDC_ISSUER,
    },
    "eks": {"cluster_arn": f"arn:aws:eks:eu-central-1:{aws.ACCOUNT}:cluster/slipway-dev"},
    "gke": {"project": "my-project", "project_number": gke.NUMBER},
}
#: The cloud's provider in the models' stack, and settings that it must have.
PROVIDERS = {
    "ack": ("alicloud", {"region": "cn-hangzhou"}),
    "eks": ("aws", {"region": "eu-central-1", "defaultTags": {"tags": {"slipway-stack": "slipway-dev"}}}),
    "gke": ("gcp", {"project": "my-project"}),
}  # fmt: skip


def models(kind: str) -> dict[str, Any]:
    return {"half_plus_two": model(source=SOURCES[kind])}


def owner(kind: str) -> Recording:
    """A stack that has both the cluster and the model."""
    config = stack_file(cluster=CLUSTERS[kind], models=models(kind), volumes=None)
    return run(lambda: deploy(load()), config, cloud=CLOUDS[kind])


def referring(kind: str, cluster: dict[str, Any] | None = None, **changes: Any) -> Recording:
    """A stack with the model on the cluster of another stack, whose output is `cluster`, by default
    that of `owner`."""
    platform = cluster or owner(kind).outputs["cluster"]
    config = stack_file(
        cluster={**CLUSTER, "identity": kind},
        **{"models": models(kind), "volumes": None, **changes},
    )
    return run(lambda: deploy(load()), config, cloud=Platform(platform, CLOUDS[kind]))


def identity(recording: Recording) -> dict[str, Resource]:
    """The resources of the model's identity, by name, with those of them that each depends on."""
    resources = {
        each.name: each
        for each in recording.resources
        if each.name.startswith("half-plus-two")
        and (each.type.startswith(_PACKAGES) or each.kind in _OBJECTS)
    }
    return {
        name: replace(
            each, provider="", dependencies=sorted(recording.needs(each) & resources.keys())
        )
        for name, each in resources.items()
    }


@pytest.mark.parametrize("kind", SOURCES)
def test_the_identity_is_the_same_as_in_the_cluster_s_own_stack(kind: str) -> None:
    expected, actual = identity(owner(kind)), identity(referring(kind))
    assert any(each.type.startswith(_PACKAGES[:3]) for each in expected.values())
    assert actual.keys() == expected.keys()
    for name, each in expected.items():
        assert actual[name] == each, name


@pytest.mark.parametrize("kind", SOURCES)
def test_the_pods_are_the_same_as_in_the_cluster_s_own_stack(kind: str) -> None:
    def pod(recording: Recording) -> dict[str, Any]:
        deployment = recording.one("Deployment", "half-plus-two-server")
        spec: dict[str, Any] = deployment.inputs["spec"]["template"]["spec"]
        return {key: spec.get(key) for key in ("serviceAccountName", "volumes", "initContainers")}

    assert pod(referring(kind)) == pod(owner(kind))


@pytest.mark.parametrize("kind", SOURCES)
def test_a_cluster_s_stack_exports_what_identities_need_and_no_secret(kind: str) -> None:
    platform = run(lambda: deploy(load()), {"cluster": CLUSTERS[kind]}, cloud=CLOUDS[kind])
    assert platform.outputs["cluster"]["identity"] == IDENTITY_OUTPUTS[kind]
    assert "cluster" not in platform.secret_outputs


@pytest.mark.parametrize("kind", SOURCES)
def test_one_provider_makes_all_identities_where_the_cluster_is(kind: str) -> None:
    both = {name: model(source=SOURCES[kind]) for name in ("a", "b")}
    recording = referring(kind, models=both)
    package, settings = PROVIDERS[kind]
    provider = recording.one(package)
    assert provider.parent == recording.one("ReferenceCluster").urn
    inputs = {key: _plain(value) for key, value in provider.inputs.items() if key in settings}
    assert inputs == settings
    resources = [each for each in recording.of_package(package) if each.custom]
    assert {each.name[0] for each in resources} == {"a", "b"}
    for each in resources:
        assert each.provider.startswith(f"{provider.urn}::"), each.name


def _plain(value: Any) -> Any:
    """The value of a provider's setting, which is JSON unless it is a string."""
    return json.loads(value) if isinstance(value, str) and value.startswith("{") else value


def test_ram_roles_are_named_after_the_stack_that_makes_them() -> None:
    platform = {"kind": "ack", "name": "slipway-platform", "identity": IDENTITY_OUTPUTS["ack"]}
    resources = identity(referring("ack", platform))
    assert (
        resources["half-plus-two-reads-role"].inputs["roleName"]
        == "slipway-dev-reads-half-plus-two"
    )


def test_pod_identity_associations_have_the_cluster_s_name() -> None:
    platform = {"kind": "eks", "name": "platform", "identity": IDENTITY_OUTPUTS["eks"]}
    resources = identity(referring("eks", platform))
    assert resources["half-plus-two-identity"].inputs["clusterName"] == "platform"


@pytest.mark.parametrize(
    ("platform", "words"),
    [
        (
            {"kind": "eks", "name": "p", "identity": IDENTITY_OUTPUTS["eks"]},
            "write `identity: eks`",
        ),
        ({"kind": "existing", "name": "p"}, "take `identity` out"),
        ({"kind": "gke", "name": "p"}, f"`pulumi up --stack {STACK}`"),
    ],
)
def test_a_cluster_of_another_kind_or_without_identity_outputs_is_refused(
    platform: dict[str, Any], words: str
) -> None:
    with pytest.raises(pulumi.RunError, match=r"cluster\.identity is `gke`") as refused:
        referring("gke", platform)
    assert words in str(refused.value)
    assert STACK in str(refused.value)


def test_models_without_an_identity_need_no_identity_outputs() -> None:
    config = stack_file(cluster=CLUSTER)
    platform = Platform({"kind": "gke", "name": "platform"})
    recording = run(lambda: deploy(load()), config, cloud=platform)
    assert recording.outputs["cluster"] == {"kind": "reference", "name": "platform"}


def mistakes_of(cluster: dict[str, Any], source: dict[str, Any]) -> dict[str, str]:
    """The mistakes in a stack file, by path."""
    raw = stack_file(cluster={**CLUSTER, **cluster}, models={"m": model(source=source)})
    config, mistakes = validate(raw)
    assert config is None
    return {each.path: str(each) for each in mistakes}


@pytest.mark.parametrize("kind", SOURCES)
def test_a_bucket_of_another_cloud_needs_credentials(kind: str) -> None:
    for other in SOURCES.keys() - {kind}:
        mistake = mistakes_of({"identity": kind}, SOURCES[other])[
            "slipway:models.m.source.credentials"
        ]
        scheme = SOURCES[other]["uri"].partition(":")[0]
        assert f"gives its pods no cloud identity for `{scheme}://`" in mistake
        assert "write `identity" not in mistake


@pytest.mark.parametrize("kind", SOURCES)
def test_without_identity_the_fix_names_the_one_that_reads_the_bucket(kind: str) -> None:
    mistake = mistakes_of({}, SOURCES[kind])["slipway:models.m.source.credentials"]
    assert f"write `identity: {kind}` in `slipway:cluster`" in mistake
    assert mistake.count("write `identity") == 1


@pytest.mark.parametrize("wrong", ["aks", {"kind": "eks", "region": "eu-central-1"}, 1, ""])
def test_an_unknown_identity_is_refused(wrong: Any) -> None:
    mistake = mistakes_of({"identity": wrong}, aws.S3)["slipway:cluster.identity"]
    assert "expected 'ack', 'eks' or 'gke'" in mistake


def test_a_missing_sdk_is_reported_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *more: None if name == "pulumi_alicloud" else find_spec(name, *more),
    )
    mistake = mistakes_of({"identity": "ack"}, ack_stack.OSS)["slipway:cluster.identity"]
    assert "requirements-ack.txt" in mistake
    assert validate(stack_file(cluster={**CLUSTER, "identity": "gke"}))[0] is not None


@pytest.mark.parametrize(
    ("kind", "reads", "loaded"),
    [
        ("ack", True, ["pulumi_alicloud"]),
        ("eks", True, ["pulumi_aws"]),
        ("gke", True, ["pulumi_gcp"]),
        ("gke", False, []),
    ],
)
def test_the_sdk_of_a_cloud_is_loaded_only_if_pods_read_its_buckets(
    kind: str, reads: bool, loaded: list[str]
) -> None:
    program = (
        "import sys\n"
        "from tests.unit.clouds.test_reference_identity import IDENTITY_OUTPUTS, referring\n"
        f"kind, reads = {kind!r}, {reads}\n"
        "platform = {'kind': kind, 'name': 'p', 'identity': IDENTITY_OUTPUTS[kind]}\n"
        "referring(kind, platform, **({} if reads else {'models': {}}))\n"
        "clouds = ('pulumi_alicloud', 'pulumi_aws', 'pulumi_gcp')\n"
        "print([name for name in clouds if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == str(loaded)
