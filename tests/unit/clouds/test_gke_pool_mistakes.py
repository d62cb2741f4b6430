"""Each mistake in the node pools of a cluster on GKE is reported with its key and its fix."""

from __future__ import annotations

import pytest

from components.config.load import validate
from tests.unit.clouds.gke import DEFAULT, gpu, pools, vpc, without_gpus
from tests.unit.clouds.mistaken import Case, assert_reported
from tests.unit.components.environment import model, stack_file

MISTAKES: dict[str, Case] = {
    "a pool in another region": (
        pools(far={**DEFAULT, "zones": ["europe-west4-a"]}),
        "node_pools",
        "not `europe-west4-a`",
    ),
    "a pool outside the network's zones": (
        without_gpus(
            vpc={"kind": "create", "zones": ["us-central1-a"]},
            node_pools={"default": {**DEFAULT, "zones": ["us-central1-b"]}},
        ),
        "",
        "take `us-central1-b` out of `node_pools.default.zones`, or",
    ),
    "no node pools": (without_gpus(node_pools={}), "node_pools", "a pool without taints"),
    "nowhere for DNS to run": (
        without_gpus(node_pools={"default": {**DEFAULT, "min": 0}}),
        "node_pools",
        "at least one node",
    ),
    "only tainted pools": (
        without_gpus(node_pools={"default": {**DEFAULT, "taints": ["a=b:NoSchedule"]}}),
        "node_pools",
        "a pool without taints",
    ),
    "zero nodes at most": (pools(web={**DEFAULT, "max": 0}), "node_pools.web.max", "at least 1"),
    "a minimum above the maximum": (
        pools(web={**DEFAULT, "min": 5}),
        "node_pools.web",
        "`max` (3) of at least `min` (5)",
    ),
    "more on-demand nodes than the maximum": (
        pools(web={**DEFAULT, "spot": {"on_demand": 4}}),
        "node_pools.web",
        "`spot.on_demand` (4) of at most `max` (3)",
    ),
    "a long pool's name": (
        pools(**{"a-pool-for-the-web-application": DEFAULT}),
        "node_pools.a-pool-for-the-web-application",
        "did you mean `a-pool-for-the-web`?",
    ),
    "a tiny disk": (pools(web={**DEFAULT, "disk": "10Gi"}), "node_pools.web.disk", "write `20Gi`"),
    "a label of Google's": (
        pools(web={**DEFAULT, "labels": {"slipway.dev/node-pool": "x"}}),
        "node_pools.web.labels.slipway.dev/node-pool",
        "labels of your own",
    ),
    "an unknown image": (
        pools(web={**DEFAULT, "image_family": "WINDOWS_LTSC_CONTAINERD"}),
        "node_pools.web.image_family",
        "'COS_CONTAINERD' or 'UBUNTU_CONTAINERD'",
    ),
    "an accelerator of any kind": (
        gpu(accelerator={"kind": "nvidia"}),
        "node_pools.gpu",
        "`nvidia-b200`, not `nvidia`",
    ),
    "an accelerator on a machine without it": (
        gpu(machine_type="e2-standard-4"),
        "node_pools.gpu",
        "`g2-standard-4`, `g2-standard-8`",
    ),
    "more accelerators than the machine has": (
        gpu(accelerator={"kind": "nvidia-l4", "count": 2}),
        "node_pools.gpu",
        "`g2-standard-24`",
    ),
    "an odd number of accelerators": (
        gpu(machine_type="n1-standard-8", accelerator={"kind": "nvidia-t4", "count": 3}),
        "node_pools.gpu",
        "write `accelerator: {kind: nvidia-t4, count: 2}`",
    ),
    "a machine with accelerators that the pool does not name": (
        pools(gpu={"machine_type": "a2-highgpu-2g", "max": 1}),
        "node_pools.gpu",
        "`accelerator: {kind: nvidia-a100, count: 2}`",
    ),
    "an accelerator on Ubuntu": (
        gpu(image_family="UBUNTU_CONTAINERD"),
        "node_pools.gpu",
        "take `image_family` out",
    ),
    "a driver of nothing": (
        pools(web={**DEFAULT, "gpu_driver": "latest"}),
        "node_pools.web",
        "take `gpu_driver` out",
    ),
    "a region without that accelerator": (
        {**gpu(), "region": "europe-north1"},
        "node_pools",
        "a region with `nvidia-l4` for the pool `gpu`: `asia-east1`",
    ),
    "a zone without that accelerator": (
        gpu(zones=["us-central1-f"]),
        "node_pools",
        "take `us-central1-f` out of `gpu.zones`",
    ),
    "a network in zones without that accelerator": (
        {**gpu(), "vpc": {"kind": "create", "zones": ["us-central1-f"]}},
        "node_pools",
        "add `us-central1-a` to `slipway:cluster.vpc.zones`",
    ),
    "more nodes than addresses of pods": (
        {**vpc(pods="10.4.0.0/21"), "node_pools": {"default": {**DEFAULT, "max": 8}}},
        "node_pools",
        "at most 8 nodes, for which `vpc.pods` has addresses, not 9",
    ),
    "a machine that is offered as spot only": (
        gpu(machine_type="a3-highgpu-1g", accelerator={"kind": "nvidia-h100"}),
        "node_pools.gpu",
        "write `spot: {}`",
    ),
    "on-demand nodes of a machine that is offered as spot only": (
        gpu(
            machine_type="a3-highgpu-2g",
            accelerator={"kind": "nvidia-h100", "count": 2},
            spot={"on_demand": 1},
        ),
        "node_pools.gpu",
        "`spot` without a floor",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_reported_with_its_key_and_its_fix(name: str) -> None:
    assert_reported(MISTAKES[name])


def test_a_model_with_a_gpu_needs_a_pool_that_offers_that_gpu() -> None:
    models = {"half_plus_two": model(accelerator={"kind": "nvidia-l4"})}
    for cluster in (without_gpus(), gpu(gpu_driver="dra")):
        _, mistakes = validate({**stack_file(models=models), "cluster": cluster})
        (mistake,) = mistakes
        assert mistake.path == "slipway:models.half_plus_two.accelerator"
    config, mistakes = validate({**stack_file(models=models), "cluster": gpu()})
    assert config and not mistakes
