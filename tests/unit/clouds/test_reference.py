"""Models in a stack of their own, beside the stack that has the cluster."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.config.load import load, validate
from components.stack import deploy
from tests.unit.clouds.aws import ACCOUNT, BOTH_POOLS, S3, Aws, cluster
from tests.unit.components.engine import Recording, run
from tests.unit.components.environment import model, stack_file

STACK = "organization/slipway/platform"
CLUSTER = {"kind": "reference", "stack": STACK}
IDENTITY = {"kind": "eks", "region": "eu-central-1"}
KUBECONFIG = '{"current-context": "platform"}'


class Platform(Aws):
    """What the other stack has put out."""

    def made(self, type_: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
        if type_ != "pulumi:pulumi:StackReference":
            return super().made(type_, name, inputs)
        outputs = {"cluster": {"kind": "eks", "name": "platform"}, "kubeconfig": KUBECONFIG}
        return {"outputs": outputs, "secretOutputNames": ["kubeconfig"]}

    def told(self, function: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if function == "aws:index/getCallerIdentity:getCallerIdentity":
            return {"accountId": ACCOUNT}
        return super().told(function, arguments)


def up(**changes: Any) -> Recording:
    config = stack_file(cluster=CLUSTER) | changes
    return run(lambda: deploy(load()), config, cloud=Platform())


def test_the_cluster_is_the_other_stack_s() -> None:
    recording = up()
    (read,) = recording.of("StackReference")
    assert read.inputs["id"] == STACK
    assert recording.outputs["cluster"] == {"kind": "reference", "name": "platform"}
    assert recording.outputs["kubeconfig"] == KUBECONFIG
    assert "kubeconfig" in recording.secret_outputs
    provider = recording.one("kubernetes", "cluster-provider")
    assert KUBECONFIG in json.dumps(provider.inputs["kubeconfig"]).replace('\\"', '"')


def test_nothing_of_the_platform_is_made_again() -> None:
    recording = up()
    assert recording.of_package("aws") == []
    assert recording.one("kubernetes").parent == recording.one("ReferenceCluster").urn


def test_a_platform_is_a_cluster_and_nothing_of_models() -> None:
    config = {"cluster": cluster(node_pools=BOTH_POOLS)}
    recording = run(lambda: deploy(load()), config, cloud=Platform())
    assert recording.outputs["endpoints"] == {}
    assert recording.outputs["gateway"] is None
    assert recording.outputs["cluster"]["name"] == "slipway-dev"
    assert recording.of("Namespace") == recording.of("Ingress") == []
    assert recording.of("StorageClass")


@pytest.mark.parametrize("key", ["models", "volumes"])
def test_models_need_a_gateway(key: str) -> None:
    whole = stack_file()
    _, found = validate({"cluster": cluster(), key: whole[key]})
    assert "slipway:gateway" in [each.path for each in found]


def test_a_model_reads_its_bucket_by_a_role_of_its_own() -> None:
    recording = up(
        cluster={**CLUSTER, "identity": IDENTITY}, models={"m": model(source=S3)}, volumes={}
    )
    (trust,) = json.loads(recording.one("Role", "m-reads").inputs["assumeRolePolicy"])["Statement"]
    named = trust["Condition"]["StringEquals"]
    arn = f"arn:aws:eks:eu-central-1:{ACCOUNT}:cluster/platform"
    assert named["aws:RequestTag/eks-cluster-arn"] == arn
    association = recording.one("PodIdentityAssociation", "m-identity").inputs
    assert association["clusterName"] == "platform"


def test_models_share_one_provider_of_amazon_s() -> None:
    recording = up(
        cluster={**CLUSTER, "identity": IDENTITY},
        models={"a": model(source=S3), "b": model(source=S3)},
        volumes={},
    )
    assert len(recording.of("aws")) == 1


@pytest.mark.parametrize(
    ("raw", "path", "words"),
    [
        ({"kind": "reference"}, "cluster.stack", "add the key `stack`"),
        ({**CLUSTER, "stack": "platform"}, "cluster.stack", "`organization/slipway/platform`"),
        ({**CLUSTER, "identity": {"kind": "gke"}}, "cluster.identity", "`kind`, one of `eks`"),
        (
            {**CLUSTER, "identity": {"kind": "eks", "region": "europe"}},
            "cluster.identity.region",
            "the region of the cluster",
        ),
        (CLUSTER, "models.m.source.credentials", "gives its pods no cloud identity"),
    ],
)
def test_a_mistake_is_told_by_its_key_and_its_fix(
    raw: dict[str, Any], path: str, words: str
) -> None:
    models = {"m": model(source=S3)}
    config, found = validate(stack_file(cluster=raw, models=models))
    assert config is None
    told = {each.path: str(each) for each in found}
    assert words in told[f"slipway:{path}"]
