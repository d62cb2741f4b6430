"""Node pools on Amazon EKS, and their autoscaler."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.clouds.aws import (
    BOTH_POOLS,
    DEFAULT_POOL,
    GPU_POOL,
    statements,
    up,
)
from tests.unit.components.environment import model


@pytest.mark.parametrize(
    ("pool", "image"),
    [
        ({}, "AL2023_x86_64_STANDARD"),
        ({"machine_type": "m7g.large"}, "AL2023_ARM_64_STANDARD"),
        (GPU_POOL, "AL2023_x86_64_NVIDIA"),
        ({"image_family": "BOTTLEROCKET"}, "BOTTLEROCKET_x86_64"),
        ({**GPU_POOL, "image_family": "BOTTLEROCKET"}, "BOTTLEROCKET_x86_64_NVIDIA"),
        (
            {"machine_type": "g5g.xlarge", "accelerator": {"kind": "nvidia-t4g"}},
            "AL2023_ARM_64_NVIDIA",
        ),
    ],
)
def test_the_nodes_image_fits_the_machine_type(pool: dict[str, Any], image: str) -> None:
    pools = {"default": DEFAULT_POOL, "other": {**DEFAULT_POOL, **pool}}
    recording = up(node_pools=pools)
    assert recording.one("NodeGroup", "cluster-nodes-other").inputs["amiType"] == image


def test_a_pool_of_gpus_is_tainted_and_labelled_and_has_a_device_plugin() -> None:
    recording = up(node_pools=BOTH_POOLS, models={"m": model(accelerator={"kind": "nvidia"})})
    group = recording.one("NodeGroup", "cluster-nodes-gpu").inputs
    assert group["taints"] == [
        {"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}
    ]
    assert group["labels"]["slipway.dev/node-pool"] == "gpu"
    assert group["labels"]["k8s.amazonaws.com/accelerator"] == "nvidia-l4"
    assert group["scalingConfig"] == {"desiredSize": 0, "minSize": 0, "maxSize": 2}
    plugin = recording.one("DaemonSet").inputs["spec"]["template"]["spec"]
    terms = plugin["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    (expression,) = terms["nodeSelectorTerms"][0]["matchExpressions"]
    assert (expression["key"], expression["values"]) == ("slipway.dev/node-pool", ["gpu"])
    pod = recording.one("Deployment", "m-server").inputs["spec"]["template"]["spec"]
    assert pod["tolerations"] == [
        {"key": "nvidia.com/gpu", "operator": "Equal", "value": "present", "effect": "NoSchedule"}
    ]
    assert "slipway.dev/node-pool" in json.dumps(pod["affinity"])


@pytest.mark.parametrize(
    "pools",
    [
        {"default": DEFAULT_POOL},
        {"default": DEFAULT_POOL, "gpu": {**GPU_POOL, "image_family": "BOTTLEROCKET"}},
        {"default": DEFAULT_POOL, "gpu": {**GPU_POOL, "gpu_driver": "dra"}},
    ],
)
def test_no_device_plugin_is_installed_without_gpus_or_if_the_image_has_one_or_for_dra(
    pools: dict[str, Any],
) -> None:
    assert up(node_pools=pools).of("DaemonSet") == []


def test_a_spot_pool_has_a_second_group_with_its_on_demand_nodes() -> None:
    pool = {**DEFAULT_POOL, "min": 3, "max": 10, "spot": {"on_demand": 2}}
    recording = up(node_pools={"default": DEFAULT_POOL, "batch": pool})
    spot = recording.one("NodeGroup", "cluster-nodes-batch-spot").inputs
    floor = recording.one("NodeGroup", "cluster-nodes-batch-floor").inputs
    assert (spot["capacityType"], floor["capacityType"]) == ("SPOT", "ON_DEMAND")
    assert (spot["scalingConfig"]["minSize"], spot["scalingConfig"]["maxSize"]) == (1, 8)
    assert (floor["scalingConfig"]["minSize"], floor["scalingConfig"]["maxSize"]) == (2, 2)
    assert spot["labels"] == floor["labels"]


def test_a_spot_pool_without_on_demand_nodes_is_one_group() -> None:
    pools = {"default": DEFAULT_POOL, "batch": {**DEFAULT_POOL, "spot": {}}}
    groups = [each.name for each in up(node_pools=pools).of("NodeGroup")]
    assert sorted(groups) == ["cluster-nodes-batch-spot", "cluster-nodes-default"]


def test_a_spot_pool_with_only_on_demand_nodes_has_no_spot_group() -> None:
    pool = {**DEFAULT_POOL, "spot": {"on_demand": 3}}
    groups = [each.name for each in up(node_pools={"default": pool}).of("NodeGroup")]
    assert groups == ["cluster-nodes-default-floor"]


def test_a_pool_has_its_zones_labels_taints_and_disk_size() -> None:
    pool = {
        **DEFAULT_POOL,
        "zones": ["eu-central-1b"],
        "labels": {"team": "spark"},
        "taints": ["team=spark:NoExecute"],
        "disk": "50G",
    }
    recording = up(node_pools={"default": DEFAULT_POOL, "batch": pool})
    group = recording.one("NodeGroup", "cluster-nodes-batch").inputs
    assert group["subnetIds"] == ["cluster-network-private-eu-central-1b-id"]
    assert group["labels"] == {"slipway.dev/node-pool": "batch", "team": "spark"}
    assert group["taints"] == [{"key": "team", "value": "spark", "effect": "NO_EXECUTE"}]
    template = recording.one("LaunchTemplate", "cluster-nodes-batch-template").inputs
    assert template["blockDeviceMappings"][0]["ebs"]["volumeSize"] == 47


def test_up_does_not_change_the_number_of_nodes_that_the_autoscaler_chose() -> None:
    recording = up()
    assert recording.one("NodeGroup").ignore_changes == ["scalingConfig.desiredSize"]
    server = recording.one("Deployment", "cluster-autoscaler-server").inputs["spec"]
    (container,) = server["template"]["spec"]["containers"]
    assert "--node-group-auto-discovery=asg:tag=k8s.io/cluster-autoscaler/enabled," in " ".join(
        container["args"]
    )
    _, change = statements(recording.one("RolePolicy", "cluster-autoscaler-role-groups"))
    owned = {"aws:ResourceTag/k8s.io/cluster-autoscaler/slipway-dev": "owned"}
    assert change["Condition"] == {"StringEquals": owned}
    assert not [each for each in up(autoscaler="none").resources if "autoscaler" in each.name]
