"""Node pools on ACK."""

from __future__ import annotations

from typing import Any

from components.clusters.ack.versions import DEFAULT_MINOR, RELEASES
from tests.unit.clouds.ack_stack import (
    CLUSTER,
    OSS,
    POOL,
    gpu,
    pools,
    up,
)
from tests.unit.components.engine import Recording
from tests.unit.components.environment import model


def pool(recording: Recording, name: str) -> dict[str, Any]:
    return recording.one(POOL, f"cluster-pool-{name}").inputs


def test_a_pool_scales_between_its_bounds_and_up_leaves_its_number_alone() -> None:
    made = pool(up(), "gpu")
    assert made["scalingConfig"] == {
        "enable": True,
        "minSize": 0,
        "maxSize": 2,
        "type": "gpu",
        "isBondEip": False,
    }
    assert "desiredSize" not in made


def test_a_pool_of_a_fixed_number_needs_no_autoscaler() -> None:
    recording = up(pools(min=2, max=2))
    assert pool(recording, "default")["desiredSize"] == "2"
    assert "scalingConfig" not in pool(recording, "default")
    assert recording.of("AutoscalingConfig") == []


def test_the_autoscaler_makes_the_first_node_and_takes_nodes_with_copied_files() -> None:
    scaler = up().one("AutoscalingConfig").inputs
    assert scaler["scaleUpFromZero"] is True
    assert scaler["skipNodesWithLocalStorage"] is False


def test_nodes_with_gpus_are_kept_for_who_needs_them() -> None:
    recording = up(gpu(driver="550.144.03", taints=["team=vision:NoSchedule"], labels={"a": "b"}))
    made = pool(recording, "gpu")
    assert made["taints"] == [
        {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"},
        {"key": "team", "value": "vision", "effect": "NoSchedule"},
    ]
    labels = {each["key"]: each["value"] for each in made["labels"]}
    assert labels == {
        "slipway/node-pool": "gpu",
        "a": "b",
        "ack.aliyun.com/nvidia-driver-version": "550.144.03",
    }
    assert pool(recording, "default")["taints"] == []


def test_a_model_with_a_gpu_runs_on_the_pool_that_has_it() -> None:
    one = {"m": model(source=OSS, accelerator={"kind": "nvidia"})}
    spec = up(models=one).one("Deployment", "m-server").inputs["spec"]["template"]["spec"]
    (term,) = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][
        "nodeSelectorTerms"
    ]
    assert term["matchExpressions"] == [
        {"key": "slipway/node-pool", "operator": "In", "values": ["gpu"]}
    ]
    assert [each["key"] for each in spec["tolerations"]] == ["nvidia.com/gpu"]


def test_spot_nodes_stand_on_a_floor_of_others() -> None:
    made = pool(up(pools(spot={"on_demand": 1}, alternatives=["ecs.g8i.xlarge"])), "default")
    assert made["spotStrategy"] == "SpotAsPriceGo"
    assert made["onDemandBaseCapacity"] == "1"
    assert made["onDemandPercentageAboveBaseCapacity"] == "0"
    assert made["instanceTypes"] == ["ecs.g7.xlarge", "ecs.g8i.xlarge"]
    assert made["spotInstancePools"] == 2
    assert pool(up(), "default")["spotStrategy"] == "NoSpot"


def test_a_pool_is_in_the_zones_that_it_names() -> None:
    made = pool(up(pools(zones=["cn-hangzhou-j"])), "default")
    assert made["vswitchIds"] == ["cluster-network-nodes-cn-hangzhou-j-id"]


def test_a_disk_is_as_large_as_asked_in_gib() -> None:
    assert pool(up(pools(disk="120G")), "default")["systemDiskSize"] == 112


def test_nodes_are_upgraded_when_the_stack_says_so_and_not_before() -> None:
    assert "upgradePolicy" not in pool(up(), "default")
    made = pool(up(pools(upgrade=True)), "default")
    assert made["upgradePolicy"] == {
        "kubernetesVersion": RELEASES[DEFAULT_MINOR],
        "useReplace": True,
    }
    assert made["rollingPolicy"] == {"maxParallelism": 1, "pausePolicy": "NotPause"}
    assert up().one(CLUSTER).inputs["upgradePolicy"] == {"controlPlaneOnly": True}
