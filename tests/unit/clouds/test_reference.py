"""Models in a stack of their own, on the cluster of another stack."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.config.load import load, validate
from components.kubernetes.object import UNTIL_ADDRESSED
from components.stack import deploy
from tests.unit.clouds import aws
from tests.unit.clouds.platform_stack import CLUSTER, KUBECONFIG, STACK, Platform
from tests.unit.components.engine import Recording, run
from tests.unit.components.environment import stack_file


def up(**changes: Any) -> Recording:
    cloud = Platform({"kind": "eks", "name": "platform"})
    return run(lambda: deploy(load()), stack_file(cluster={**CLUSTER, **changes}), cloud=cloud)


def test_the_cluster_comes_from_the_other_stack_s_outputs() -> None:
    recording = up()
    (read,) = recording.of("StackReference")
    assert read.inputs["id"] == STACK
    assert recording.outputs["cluster"] == {"kind": "reference", "name": "platform"}
    assert recording.outputs["kubeconfig"] == KUBECONFIG
    assert "kubeconfig" in recording.secret_outputs
    provider = recording.one("kubernetes", "cluster-provider")
    assert KUBECONFIG in json.dumps(provider.inputs["kubeconfig"]).replace('\\"', '"')


def test_no_part_of_the_cluster_is_made() -> None:
    recording = up()
    assert recording.of_package("aws") == []
    assert recording.one("kubernetes").parent == recording.one("ReferenceCluster").urn


def test_load_balancers_have_the_stack_s_annotations_and_class() -> None:
    annotations = {"example.com/zones": "a,b"}
    recording = up(load_balancer_annotations=annotations, load_balancer_class="example.com/nlb")
    service = recording.one("Service", "gateway-controller-service").inputs
    assert service["metadata"]["annotations"] == annotations | UNTIL_ADDRESSED
    assert service["spec"]["loadBalancerClass"] == "example.com/nlb"
    plain = up().one("Service", "gateway-controller-service").inputs
    assert "loadBalancerClass" not in plain["spec"]


def test_a_stack_can_have_only_a_cluster() -> None:
    config = {"cluster": aws.cluster(node_pools=aws.BOTH_POOLS)}
    recording = run(lambda: deploy(load()), config, cloud=aws.Aws())
    assert recording.outputs["endpoints"] == {}
    assert recording.outputs["gateway"] is None
    assert recording.outputs["cluster"]["name"] == "slipway-dev"
    assert recording.of("Namespace") == recording.of("Ingress") == []
    assert recording.of("StorageClass")


@pytest.mark.parametrize("key", ["models", "volumes"])
def test_models_need_a_gateway(key: str) -> None:
    whole = stack_file()
    _, mistakes = validate({"cluster": aws.cluster(), key: whole[key]})
    assert "slipway:gateway" in [each.path for each in mistakes]


@pytest.mark.parametrize(
    ("raw", "path", "words"),
    [
        ({"kind": "reference"}, "cluster.stack", "add the key `stack`"),
        ({**CLUSTER, "stack": "platform"}, "cluster.stack", "`organization/slipway/platform`"),
    ],
)
def test_a_mistake_is_reported_with_its_key_and_its_fix(
    raw: dict[str, Any], path: str, words: str
) -> None:
    config, mistakes = validate(stack_file(cluster=raw))
    assert config is None
    texts = {each.path: str(each) for each in mistakes}
    assert words in texts[f"slipway:{path}"]
