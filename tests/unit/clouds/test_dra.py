"""Pools whose GPUs are for a driver of Dynamic Resource Allocation (DRA), on each cloud."""

from __future__ import annotations

from typing import Any

import pytest

from components.config.load import validate
from tests.unit.clouds import ack_stack, aws, gke
from tests.unit.components.environment import model, stack_file

A10 = {"kind": "nvidia-a10"}
L4 = {"kind": "nvidia-l4"}
FILES = {"models": {"size": "20Gi"}}


def clusters(**gpu: Any) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """A cluster of each cloud, and the accelerator of its GPU pool."""
    return {
        "eks": (aws.cluster(node_pools={**aws.BOTH_POOLS, "gpu": {**aws.GPU_POOL, **gpu}}), L4),
        "gke": (gke.cluster(node_pools={"default": gke.DEFAULT, "gpu": {**gke.GPU, **gpu}}), L4),
        "ack": (ack_stack.gpu(**gpu), A10),
    }


@pytest.mark.parametrize("kind", clusters())
def test_a_model_with_an_accelerator_does_not_run_on_a_pool_for_dra(kind: str) -> None:
    def refused(**gpu: Any) -> list[str]:
        cluster, accelerator = clusters(**gpu)[kind]
        models = {"m": model(accelerator=accelerator)}
        _, mistakes = validate(stack_file(cluster=cluster, volumes=FILES, models=models))
        return [each.path for each in mistakes if "m" in each.path.split(".")]

    assert refused() == []
    assert refused(gpu_driver="dra") == ["slipway:models.m.accelerator"]


def test_ack_runs_no_device_plugin_on_a_pool_for_dra() -> None:
    def labels(cluster: dict[str, Any]) -> dict[str, str]:
        pool = ack_stack.up(cluster).one("NodePool", "cluster-pool-gpu")
        return {each["key"]: each["value"] for each in pool.inputs["labels"]}

    key = "ack.node.gpu.schedule"
    assert key not in labels(ack_stack.gpu())
    assert labels(ack_stack.gpu(gpu_driver="dra"))[key] == "disabled"
