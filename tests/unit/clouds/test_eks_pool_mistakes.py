"""Each mistake in the node pools of a cluster on EKS is reported with its key and its fix."""

from __future__ import annotations

import pytest

from components.clusters.eks import machines
from components.clusters.eks.regions import ADDON_ACCOUNTS, GPU_FAMILIES
from components.config.load import validate
from tests.unit.clouds.aws import DEFAULT_POOL, GPU_POOL, VPC, cluster, gpu, pool, pools
from tests.unit.clouds.mistaken import Case, assert_reported
from tests.unit.components.environment import model, stack_file

MISTAKES: dict[str, Case] = {
    "no pools": (cluster(node_pools={}), "node_pools", "a pool without taints"),
    "GPUs alone": (
        cluster(node_pools={"gpu": GPU_POOL}),
        "node_pools",
        "add `default: {machine_type: m7i.large, min: 1, max: 2}`",
    ),
    "no pool with a permanent node": (
        cluster(node_pools={"default": {**DEFAULT_POOL, "min": 0}}),
        "node_pools",
        "at least one node",
    ),
    "zero nodes at most": (pool(max=0), "node_pools.web.max", "write `1`"),
    "no maximum": (
        pools(web={"machine_type": "m7i.large"}),
        "node_pools.web.max",
        "add the key `max`",
    ),
    "a negative minimum": (pool(min=-1), "node_pools.web.min", "write `0`"),
    "a minimum above the maximum": (pool(min=4), "node_pools.web", "write `max: 4`"),
    "more on-demand nodes than the maximum": (
        pool(spot={"on_demand": 4}),
        "node_pools.web",
        "`spot.on_demand` (4) of at most `max` (3)",
    ),
    "spot as a word": (pool(spot=True), "node_pools.web.spot", "`on_demand`"),
    "a machine of Google's": (
        pool(machine_type="n2-standard-4"),
        "node_pools.web.machine_type",
        "such as `m7i.large`",
    ),
    "GPUs that the pool does not name": (
        pool(machine_type="g6.12xlarge"),
        "node_pools.web",
        "write `accelerator: {kind: nvidia-l4, count: 4}`",
    ),
    "GPUs on a machine without them": (
        pool(accelerator={"kind": "nvidia"}),
        "node_pools.web",
        "`m7i.large` has none",
    ),
    "another GPU than the machine has": (
        gpu(accelerator={"kind": "nvidia-a100"}),
        "node_pools.gpu",
        "what `g6.xlarge` has: 1 × nvidia-l4",
    ),
    "fewer GPUs than the machine has": (
        gpu(machine_type="g6.12xlarge"),
        "node_pools.gpu",
        "write `accelerator: {kind: nvidia-l4, count: 4}`",
    ),
    "a region without that GPU": (
        {**gpu(), "region": "ap-northeast-3"},
        "node_pools",
        "a region with `g6.xlarge` for the pool `gpu`: `ap-northeast-1`",
    ),
    "another GPU than the region has": (
        {**gpu(), "region": "ap-southeast-1"},
        "node_pools",
        "`ap-southeast-1` has `g4dn`, `g5g` or `p4de`",
    ),
    "a region without GPUs": (
        {**gpu(), "region": "ca-west-1"},
        "node_pools",
        "`ca-west-1` has no GPUs",
    ),
    "an unknown image family": (
        pool(image_family="AL2"),
        "node_pools.web.image_family",
        "'AL2023'",
    ),
    "a pool for DRA with Karpenter": (
        {**gpu(gpu_driver="dra"), "autoscaler": "karpenter"},
        "",
        "Karpenter makes no nodes for pods that claim devices",
    ),
    "a driver without GPUs": (pool(gpu_driver="dra"), "node_pools.web", "take `gpu_driver` out"),
    "a device plugin beside the image's own": (
        gpu(image_family="BOTTLEROCKET", gpu_driver="device-plugin"),
        "node_pools.gpu",
        "has a device plugin of its own",
    ),
    "a zone without a subnet": (
        pool(zones=["eu-central-1c"]),
        "",
        "`node_pools.web.zones`",
    ),
    "a taint without effect": (pool(taints=["team=a"]), "node_pools.web.taints[0]", "NoSchedule"),
    "a label of Kubernetes'": (
        pool(labels={"kubernetes.io/arch": "arm64"}),
        "node_pools.web.labels.kubernetes.io/arch",
        "did you mean `arch`?",
    ),
    "a label of EKS'": (
        pool(labels={"node-role.kubernetes.io/web": ""}),
        "node_pools.web.labels.node-role.kubernetes.io/web",
        "labels of your own",
    ),
    "a disk without unit": (pool(disk="100"), "node_pools.web.disk", "add the unit"),
    "a pool with an invalid name": (
        pools(Web_1=DEFAULT_POOL),
        "node_pools.Web_1",
        "did you mean `web-1`",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_reported_with_its_key_and_its_fix(name: str) -> None:
    assert_reported(MISTAKES[name])


@pytest.mark.parametrize(
    ("region", "machine"), [("ap-southeast-7", "g6.xlarge"), ("eu-central-1", "g9.xlarge")]
)
def test_a_region_or_a_gpu_that_the_tables_do_not_have_is_accepted(
    region: str, machine: str
) -> None:
    raw = {
        **gpu(machine_type=machine),
        "region": region,
        "vpc": {**VPC, "zones": [f"{region}a", f"{region}b"]},
    }
    config, mistakes = validate({**stack_file(volumes=None, models={}), "cluster": raw})
    assert config and not mistakes


def test_the_gpu_tables_agree_on_regions_and_families() -> None:
    assert GPU_FAMILIES.keys() <= ADDON_ACCOUNTS.keys()
    offered = {family for families in GPU_FAMILIES.values() for family in families.split()}
    assert all(machines.may_have_gpus(f"{family}.xlarge") for family in offered)
    for family in ("g4dn", "g5", "g5g", "g6", "g6e", "p4d", "p4de", "p5", "p5e", "p5en", "p6-b200"):
        assert machines.gpus(f"{family}.48xlarge")
        assert family in offered


def test_a_model_with_a_gpu_needs_a_pool_with_that_gpu() -> None:
    models = {"half_plus_two": model(accelerator={"kind": "nvidia-a10g"})}
    for raw in (pools(), gpu(), gpu(gpu_driver="dra")):
        _, mistakes = validate({**stack_file(models=models), "cluster": raw})
        assert [each.path for each in mistakes] == ["slipway:models.half_plus_two.accelerator"]
