"""Each mistake in the node pools of a cluster on ACK is reported with its key and its fix."""

from __future__ import annotations

import pytest

from components.config.load import validate
from tests.unit.clouds.ack_stack import EXISTING, OSS, gpu, pools, stack
from tests.unit.clouds.mistaken import QuotedCase, assert_quoted
from tests.unit.components.environment import model
from tests.unit.config.mistaken import refused

MISTAKES: dict[str, QuotedCase] = {
    "a pool in a zone outside the network": (
        pools(zones=["cn-hangzhou-k"]),
        "",
        None,
        "take `cn-hangzhou-k` out of `node_pools.default.zones`, or",
    ),
    "a pool in a zone outside an existing network": (
        {**pools(zones=["cn-hangzhou-k"]), "vpc": EXISTING},
        "node_pools",
        None,
        "take `cn-hangzhou-k` out of `default.zones`, or add a vSwitch",
    ),
    "a machine of another cloud": (
        pools(machine_type="m5.xlarge"),
        "node_pools.default.machine_type",
        "m5.xlarge",
        "`ecs.m5.xlarge`",
    ),
    "a burstable machine": (
        pools(machine_type="ecs.t6-c1m2.large"),
        "node_pools.default.machine_type",
        "ecs.t6-c1m2.large",
        "`ecs.g7.xlarge`",
    ),
    "a shared machine as an alternative": (
        pools(alternatives=["ecs.g6t.large"]),
        "node_pools.default.alternatives[0]",
        "ecs.g6t.large",
        "`ecs.g7.xlarge`",
    ),
    "a part of a GPU": (
        gpu(machine_type="ecs.vgn7i-vws-m4.xlarge"),
        "node_pools.gpu.machine_type",
        "ecs.vgn7i",
        "`ecs.gn7i-c8g1.2xlarge`",
    ),
    "a GPU on a machine without one": (
        gpu(machine_type="ecs.g7.xlarge"),
        "node_pools.gpu",
        None,
        "take `accelerator` out",
    ),
    "a machine with a GPU that the pool does not name": (
        gpu(accelerator=None),
        "node_pools.gpu",
        None,
        "add `accelerator: {kind: nvidia-a10, count: 1}`",
    ),
    "another GPU than the machine has": (
        gpu(accelerator={"kind": "nvidia-t4"}),
        "node_pools.gpu",
        None,
        "{kind: nvidia-a10, count: 1}",
    ),
    "more GPUs than the machine has": (
        gpu(accelerator={"kind": "nvidia-a10", "count": 2}),
        "node_pools.gpu",
        None,
        "{kind: nvidia-a10, count: 1}",
    ),
    "an alternative with another GPU": (
        gpu(alternatives=["ecs.gn6i-c8g1.2xlarge"]),
        "node_pools.gpu",
        None,
        "take `ecs.gn6i-c8g1.2xlarge` out of `alternatives`",
    ),
    "a driver without a GPU": (
        pools(driver="550.144.03"),
        "node_pools.default",
        None,
        "take `driver` out",
    ),
    "a driver by its branch": (
        gpu(driver="R550"),
        "node_pools.gpu.driver",
        "R550",
        "NVIDIA's number",
    ),
    "a disk that is too small": (
        pools(disk="20Gi"),
        "node_pools.default.disk",
        "20Gi",
        "write `40Gi`",
    ),
    "a disk that is too large": (
        pools(disk="4Ti"),
        "node_pools.default.disk",
        "4Ti",
        "write `2048Gi`",
    ),
    "no node at all": (
        pools(max=0),
        "node_pools.default.max",
        "0",
        "write `1`",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_names_key_value_and_fix(name: str) -> None:
    assert_quoted(MISTAKES[name])


def test_a_model_with_a_gpu_needs_a_pool_with_that_gpu() -> None:
    models = {"m": model(source=OSS, accelerator={"kind": "nvidia-a10"})}
    assert validate(stack(models=models))[0] is not None
    report = refused(stack(pools(), models=models))
    assert "no node pool with an accelerator" in report
