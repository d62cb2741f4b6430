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


def test_a_pool_scales_between_its_bounds_and_up_does_not_change_its_size() -> None:
    inputs = pool(up(), "gpu")
    assert inputs["scalingConfig"] == {
        "enable": True,
        "minSize": 0,
        "maxSize": 2,
        "type": "gpu",
        "isBondEip": False,
    }
    assert "desiredSize" not in inputs


def test_a_pool_of_a_fixed_size_needs_no_autoscaler() -> None:
    recording = up(pools(min=2, max=2))
    assert pool(recording, "default")["desiredSize"] == "2"
    assert "scalingConfig" not in pool(recording, "default")
    assert recording.of("AutoscalingConfig") == []


def test_the_autoscaler_adds_the_first_node_and_removes_nodes_with_copied_files() -> None:
    scaler = up().one("AutoscalingConfig").inputs
    assert scaler["scaleUpFromZero"] is True
    assert scaler["skipNodesWithLocalStorage"] is False


def test_nodes_with_gpus_are_tainted_and_labelled() -> None:
    recording = up(gpu(driver="550.144.03", taints=["team=vision:NoSchedule"], labels={"a": "b"}))
    inputs = pool(recording, "gpu")
    assert inputs["taints"] == [
        {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"},
        {"key": "team", "value": "vision", "effect": "NoSchedule"},
    ]
    labels = {each["key"]: each["value"] for each in inputs["labels"]}
    assert labels == {
        "slipway.dev/node-pool": "gpu",
        "a": "b",
        "ack.aliyun.com/nvidia-driver-version": "550.144.03",
    }
    assert pool(recording, "default")["taints"] == []


def test_a_model_with_a_gpu_runs_on_the_pool_that_has_it() -> None:
    models = {"m": model(source=OSS, accelerator={"kind": "nvidia"})}
    spec = up(models=models).one("Deployment", "m-server").inputs["spec"]["template"]["spec"]
    (term,) = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][
        "nodeSelectorTerms"
    ]
    assert term["matchExpressions"] == [
        {"key": "slipway.dev/node-pool", "operator": "In", "values": ["gpu"]}
    ]
    assert [each["key"] for each in spec["tolerations"]] == ["nvidia.com/gpu"]


def test_a_spot_pool_has_its_on_demand_nodes() -> None:
    inputs = pool(up(pools(spot={"on_demand": 1}, alternatives=["ecs.g8i.xlarge"])), "default")
    assert inputs["spotStrategy"] == "SpotAsPriceGo"
    assert inputs["onDemandBaseCapacity"] == "1"
    assert inputs["onDemandPercentageAboveBaseCapacity"] == "0"
    assert inputs["instanceTypes"] == ["ecs.g7.xlarge", "ecs.g8i.xlarge"]
    assert inputs["spotInstancePools"] == 2
    assert pool(up(), "default")["spotStrategy"] == "NoSpot"


def test_a_pool_is_in_the_zones_that_it_names() -> None:
    inputs = pool(up(pools(zones=["cn-hangzhou-j"])), "default")
    assert inputs["vswitchIds"] == ["cluster-network-nodes-cn-hangzhou-j-id"]


def test_a_disk_s_size_is_rounded_up_to_gib() -> None:
    assert pool(up(pools(disk="120G")), "default")["systemDiskSize"] == 112


def test_nodes_are_upgraded_only_when_the_stack_file_sets_upgrade() -> None:
    assert "upgradePolicy" not in pool(up(), "default")
    inputs = pool(up(pools(upgrade=True)), "default")
    assert inputs["upgradePolicy"] == {
        "kubernetesVersion": RELEASES[DEFAULT_MINOR],
        "useReplace": True,
    }
    assert inputs["rollingPolicy"] == {"maxParallelism": 1, "pausePolicy": "NotPause"}
    assert up().one(CLUSTER).inputs["upgradePolicy"] == {"controlPlaneOnly": True}
