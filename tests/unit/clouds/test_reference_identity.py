"""Pods beside a platform are let in to their buckets as those of a stack that has the cluster."""

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
#: What of the cloud, and on the cluster, lets pods in.
_PACKAGES = ("alicloud:", "aws:", "gcp:", "slipway:clusters:")
_OBJECTS = ("ServiceAccount", "PersistentVolume", "PersistentVolumeClaim")
#: The output `cluster.identity`.
TOLD = {
    "ack": {
        "region": "cn-hangzhou",
        "oidc_provider_arn": ack_stack.OIDC_PROVIDER,
        "oidc_issuer": ack_stack.OIDC_ISSUER,
    },
    "eks": {"cluster_arn": f"arn:aws:eks:eu-central-1:{aws.ACCOUNT}:cluster/slipway-dev"},
    "gke": {"project": "my-project", "project_number": gke.NUMBER},
}
#: What the cloud's own provider of the models' stack is told.
PROVIDERS = {
    "ack": ("alicloud", {"region": "cn-hangzhou"}),
    "eks": ("aws", {"region": "eu-central-1", "defaultTags": {"tags": {"slipway-stack": "slipway-dev"}}}),
    "gke": ("gcp", {"project": "my-project"}),
}  # fmt: skip


def models(kind: str) -> dict[str, Any]:
    return {"half_plus_two": model(source=SOURCES[kind])}


def owner(kind: str) -> Recording:
    """A stack that has both cluster and model."""
    config = stack_file(cluster=CLUSTERS[kind], models=models(kind), volumes=None)
    return run(lambda: deploy(load()), config, cloud=CLOUDS[kind])


def beside(kind: str, cluster: dict[str, Any] | None = None, **changes: Any) -> Recording:
    """The model beside a platform, which put out `cluster`, or what it does put out."""
    platform = cluster or owner(kind).outputs["cluster"]
    config = stack_file(
        cluster={**CLUSTER, "identity": kind},
        **{"models": models(kind), "volumes": None, **changes},
    )
    return run(lambda: deploy(load()), config, cloud=Platform(platform, CLOUDS[kind]))


def identity(recording: Recording) -> dict[str, Resource]:
    """By name, what lets the model's pods in: as it was asked for, with the names of what of it
    has to be there before."""
    found = {
        each.name: each
        for each in recording.resources
        if each.name.startswith("half-plus-two")
        and (each.type.startswith(_PACKAGES) or each.kind in _OBJECTS)
    }
    return {
        name: replace(each, provider="", dependencies=sorted(recording.needs(each) & found.keys()))
        for name, each in found.items()
    }


@pytest.mark.parametrize("kind", SOURCES)
def test_the_identity_is_the_one_that_the_cluster_s_own_stack_makes(kind: str) -> None:
    there, here = identity(owner(kind)), identity(beside(kind))
    assert any(each.type.startswith(_PACKAGES[:3]) for each in there.values())
    assert here.keys() == there.keys()
    for name, each in there.items():
        assert here[name] == each, name


@pytest.mark.parametrize("kind", SOURCES)
def test_the_pods_are_those_of_the_cluster_s_own_stack(kind: str) -> None:
    def pod(recording: Recording) -> dict[str, Any]:
        deployment = recording.one("Deployment", "half-plus-two-server")
        spec: dict[str, Any] = deployment.inputs["spec"]["template"]["spec"]
        return {key: spec.get(key) for key in ("serviceAccountName", "volumes", "initContainers")}

    assert pod(beside(kind)) == pod(owner(kind))


@pytest.mark.parametrize("kind", SOURCES)
def test_a_platform_tells_what_identities_are_made_of_and_no_secret(kind: str) -> None:
    platform = run(lambda: deploy(load()), {"cluster": CLUSTERS[kind]}, cloud=CLOUDS[kind])
    assert platform.outputs["cluster"]["identity"] == TOLD[kind]
    assert "cluster" not in platform.secret_outputs


@pytest.mark.parametrize("kind", SOURCES)
def test_identities_are_made_where_the_cluster_is_by_one_provider(kind: str) -> None:
    both = {name: model(source=SOURCES[kind]) for name in ("a", "b")}
    recording = beside(kind, models=both)
    package, told = PROVIDERS[kind]
    provider = recording.one(package)
    assert provider.parent == recording.one("ReferenceCluster").urn
    given = {key: _plain(value) for key, value in provider.inputs.items() if key in told}
    assert given == told
    made = [each for each in recording.of_package(package) if each.custom]
    assert {each.name[0] for each in made} == {"a", "b"}
    for each in made:
        assert each.provider.startswith(f"{provider.urn}::"), each.name


def _plain(value: Any) -> Any:
    """A provider's settings that are no strings are JSON."""
    return json.loads(value) if isinstance(value, str) and value.startswith("{") else value


def test_roles_of_ram_are_named_after_the_stack_that_makes_them() -> None:
    platform = {"kind": "ack", "name": "slipway-platform", "identity": TOLD["ack"]}
    made = identity(beside("ack", platform))
    assert made["half-plus-two-reads-role"].inputs["roleName"] == "slipway-dev-reads-half-plus-two"


def test_eks_knows_the_pods_by_the_cluster_s_name() -> None:
    platform = {"kind": "eks", "name": "platform", "identity": TOLD["eks"]}
    made = identity(beside("eks", platform))
    assert made["half-plus-two-identity"].inputs["clusterName"] == "platform"


@pytest.mark.parametrize(
    ("platform", "words"),
    [
        ({"kind": "eks", "name": "p", "identity": TOLD["eks"]}, "write `identity: eks`"),
        ({"kind": "existing", "name": "p"}, "take `identity` out"),
        ({"kind": "gke", "name": "p"}, f"`pulumi up --stack {STACK}`"),
    ],
)
def test_a_platform_that_tells_something_else_is_refused(
    platform: dict[str, Any], words: str
) -> None:
    with pytest.raises(pulumi.RunError, match=r"cluster\.identity is `gke`") as refused:
        beside("gke", platform)
    assert words in str(refused.value)
    assert STACK in str(refused.value)


def test_an_older_platform_serves_models_that_need_no_identity() -> None:
    config = stack_file(cluster=CLUSTER)
    platform = Platform({"kind": "gke", "name": "platform"})
    recording = run(lambda: deploy(load()), config, cloud=platform)
    assert recording.outputs["cluster"] == {"kind": "reference", "name": "platform"}


def told(cluster: dict[str, Any], source: dict[str, Any]) -> dict[str, str]:
    """The mistakes of a stack file by their paths."""
    raw = stack_file(cluster={**CLUSTER, **cluster}, models={"m": model(source=source)})
    config, found = validate(raw)
    assert config is None
    return {each.path: str(each) for each in found}


@pytest.mark.parametrize("kind", SOURCES)
def test_a_bucket_of_another_cloud_needs_a_key(kind: str) -> None:
    for other in SOURCES.keys() - {kind}:
        said = told({"identity": kind}, SOURCES[other])["slipway:models.m.source.credentials"]
        scheme = SOURCES[other]["uri"].partition(":")[0]
        assert f"gives its pods no cloud identity for `{scheme}://`" in said
        assert "write `identity" not in said


@pytest.mark.parametrize("kind", SOURCES)
def test_without_an_identity_the_one_that_reads_the_bucket_is_named(kind: str) -> None:
    said = told({}, SOURCES[kind])["slipway:models.m.source.credentials"]
    assert f"write `identity: {kind}` in `slipway:cluster`" in said
    assert said.count("write `identity") == 1


@pytest.mark.parametrize("wrong", ["aks", {"kind": "eks", "region": "eu-central-1"}, 1, ""])
def test_an_identity_that_there_is_not_is_refused(wrong: Any) -> None:
    said = told({"identity": wrong}, aws.S3)["slipway:cluster.identity"]
    assert "expected 'ack', 'eks' or 'gke'" in said


def test_without_the_sdk_a_stack_beside_ack_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *more: None if name == "pulumi_alicloud" else found(name, *more),
    )
    said = told({"identity": "ack"}, ack_stack.OSS)["slipway:cluster.identity"]
    assert "requirements-ack.txt" in said
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
def test_the_sdk_of_a_cloud_is_loaded_where_pods_read_its_buckets(
    kind: str, reads: bool, loaded: list[str]
) -> None:
    program = (
        "import sys\n"
        "from tests.unit.clouds.test_reference_identity import TOLD, beside\n"
        f"kind, reads = {kind!r}, {reads}\n"
        "platform = {'kind': kind, 'name': 'p', 'identity': TOLD[kind]}\n"
        "beside(kind, platform, **({} if reads else {'models': {}}))\n"
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
