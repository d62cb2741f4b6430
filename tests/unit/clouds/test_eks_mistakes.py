"""Each mistake in a cluster on EKS is reported with its key and its fix, without AWS' SDK."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from components.clusters.eks import machines
from components.clusters.eks.regions import ADDON_ACCOUNTS, GPU_FAMILIES
from components.config.load import validate
from tests.unit.clouds.aws import DEFAULT_POOL, EXISTING, GPU_POOL, VPC, cluster
from tests.unit.components.environment import model, stack_file

ROOT = Path(__file__).parents[3]
GATEWAY = {"kind": "nginx", "host": "models.example.com", "tls": {"kind": "self-signed"}}


def pools(**changes: Any) -> dict[str, Any]:
    return cluster(node_pools={"default": DEFAULT_POOL, **changes})


def pool(**changes: Any) -> dict[str, Any]:
    return pools(web={**DEFAULT_POOL, **changes})


def gpu(**changes: Any) -> dict[str, Any]:
    return pools(gpu={**GPU_POOL, **changes})


def access(kind: str, **more: Any) -> dict[str, Any]:
    return cluster(access={"kind": kind, **more})


# The cluster, the wrong key in `slipway:cluster`, and a part of the message.
MISTAKES: dict[str, tuple[dict[str, Any], str, str]] = {
    "a region that does not exist": (
        cluster(region="eu-central-9"),
        "region",
        "write `eu-central-2`, `eu-central-1`, `eu-north-1`",
    ),
    "a zone as a region": (cluster(region="eu-central-1a"), "region", "`eu-central-1`"),
    "a version that is gone": (cluster(version="1.29"), "version", '`version: "1.36"`'),
    "a version as a number": (cluster(version=1.35), "version", "put the value in quotes"),
    "a patch version": (cluster(version="1.36.3"), "version", "a minor version"),
    "no network": (cluster(vpc=None), "vpc", "add the key `vpc`"),
    "a network of no kind": (cluster(vpc={"zones": []}), "vpc", "choose one of these"),
    "a network of an unknown kind": (
        cluster(vpc={**VPC, "kind": "unknown"}),
        "vpc",
        "one of `create` or `existing`",
    ),
    "one zone": (
        cluster(vpc={**VPC, "zones": ["eu-central-1a"]}),
        "vpc.zones",
        "EKS needs two at least",
    ),
    "the same zone twice": (
        cluster(vpc={**VPC, "zones": ["eu-central-1a"] * 2}),
        "vpc.zones",
        "two or three different zones",
    ),
    "no zones": (cluster(vpc={"kind": "create"}), "vpc.zones", "add the key `zones`"),
    "zones of another region": (
        cluster(vpc={**VPC, "zones": ["eu-west-1a", "eu-west-1b"]}),
        "",
        "write `[eu-central-1a, eu-central-1b]` in `vpc.zones`",
    ),
    "zones by their letters": (cluster(vpc={**VPC, "zones": ["a", "b"]}), "", "`eu-central-1a`"),
    "public addresses for nodes": (
        cluster(vpc={**VPC, "cidr": "203.0.113.0/20"}),
        "vpc.cidr",
        "write `10.0.0.0/16`",
    ),
    "a public address range": (
        cluster(vpc={**VPC, "cidr": "8.8.0.0/16"}),
        "vpc.cidr",
        "a private IPv4 range",
    ),
    "a small network": (
        cluster(vpc={**VPC, "cidr": "10.0.0.0/24"}),
        "vpc.cidr",
        "write `10.0.0.0/16`",
    ),
    "Services in the network's range": (
        cluster(service_cidr="10.0.0.0/16"),
        "",
        "no address can be both",
    ),
    "a large range for Services": (
        cluster(service_cidr="10.0.0.0/8"),
        "service_cidr",
        "/12 to /24",
    ),
    "a VPC by its name": (cluster(vpc={**EXISTING, "id": "production"}), "vpc.id", "vpc-0a1b"),
    "one private subnet": (
        cluster(vpc={**EXISTING, "private_subnets": {"eu-central-1a": "subnet-0000000a"}}),
        "vpc.private_subnets",
        "in two zones at least",
    ),
    "a subnet by its ARN": (
        cluster(
            vpc={
                **EXISTING,
                "private_subnets": {
                    "eu-central-1a": "arn:aws:ec2:subnet/subnet-0a",
                    "eu-central-1b": "subnet-0000000b",
                },
            }
        ),
        "vpc.private_subnets.eu-central-1a",
        "a subnet's id",
    ),
    "subnets of another region": (
        cluster(
            vpc={
                **EXISTING,
                "private_subnets": {
                    "us-east-1a": "subnet-0000000a",
                    "us-east-1b": "subnet-0000000b",
                },
            }
        ),
        "",
        "zones of the region `eu-central-1`",
    ),
    "no access to the API": (cluster(access=None), "access", "add the key `access`"),
    "a public API for nobody": (access("cidrs", cidrs=[]), "access.cidrs", "name at least one"),
    "a public API without ranges": (access("cidrs"), "access.cidrs", "add the key `cidrs`"),
    "a public API for everybody": (
        access("cidrs", cidrs=["0.0.0.0/0"]),
        "access.cidrs[0]",
        "name your own ranges, or choose a private endpoint",
    ),
    "a public API for half of everybody": (
        access("cidrs", cidrs=["128.0.0.0/1"]),
        "access.cidrs[0]",
        "your own ranges",
    ),
    "a public API for everybody by IPv6": (
        access("cidrs", cidrs=["::/0"]),
        "access.cidrs[0]",
        "your own ranges",
    ),
    "a private API without a way in": (access("private"), "access.from", "add the key `from`"),
    "a private API for nobody": (access("private", **{"from": []}), "access.from", "at least one"),
    "a way in by Google's DNS": (access("dns"), "access", "one of `cidrs` or `private`"),
    "a key that is misspelt": (access("cidrs", cidr=["1.2.3.4/32"]), "access.cidrs", "add the key"),
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
    "an alias of a key": (
        cluster(encryption_key="alias/production"),
        "encryption_key",
        "not an alias'",
    ),
    "an administrator's session": (
        cluster(administrators={"me": "arn:aws:sts::111122223333:assumed-role/platform/me"}),
        "administrators.me",
        "the role's own ARN",
    ),
    "a retention that CloudWatch does not offer": (
        cluster(log_retention_days=100),
        "log_retention_days",
        "write `120`",
    ),
    "an unknown autoscaler": (
        cluster(autoscaler="karpentr"),
        "autoscaler",
        "write `karpenter`",
    ),
    "a DNS zone by its ID": (cluster(dns={"zone": "Z0123"}), "dns.zone", "a host name"),
    "a key of another cloud": (cluster(project="my-project"), "project", "take `project` out"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_reported_with_its_key_and_its_fix(name: str) -> None:
    raw, key, words = MISTAKES[name]
    config, mistakes = validate(
        {**stack_file(models={}, volumes=None), "gateway": GATEWAY, "cluster": raw}
    )
    assert config is None
    path = f"slipway:cluster.{key}" if key else "slipway:cluster"
    assert path in [each.path for each in mistakes]
    assert words in str(next(each for each in mistakes if each.path == path))


def test_a_correct_cluster_is_accepted() -> None:
    config, mistakes = validate({**stack_file(volumes=None, models={}), "cluster": gpu()})
    assert config and not mistakes


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


def test_a_shared_volume_needs_a_file_system() -> None:
    volumes = {"models": {"size": "1Gi", "access_mode": "ReadWriteMany"}}
    _, mistakes = validate({**stack_file(volumes=volumes), "cluster": cluster()})
    (mistake,) = mistakes
    assert mistake.path == "slipway:volumes.models"
    assert "write `shared_storage: true` in `slipway:cluster`" in str(mistake)
    for more in ({"shared_storage": True}, {}):
        named = {} if more else {"storage_class": "fast"}
        changed = {"models": {**volumes["models"], **named}}
        config, _ = validate({**stack_file(volumes=changed), "cluster": cluster(**more)})
        assert config


@pytest.mark.parametrize(
    ("host", "accepted"),
    [
        ("models.example.com", True),
        ("example.com", True),
        ("models.example.org", False),
        (None, False),
    ],
)
def test_a_dns_zone_needs_a_host_in_it(host: str | None, accepted: bool) -> None:
    gateway = {key: value for key, value in (GATEWAY | {"host": host}).items() if value}
    config, mistakes = validate(
        {
            **stack_file(models={}),
            "gateway": gateway,
            "cluster": cluster(dns={"zone": "example.com"}),
        }
    )
    assert bool(config) is accepted
    assert [each.path for each in mistakes] == ([] if accepted else ["slipway:gateway.host"])


def test_a_model_in_cloud_storage_needs_credentials() -> None:
    gcs = {"kind": "gcs", "uri": "gs://bucket/model"}
    _, mistakes = validate({**stack_file(models={"m": model(source=gcs)}), "cluster": cluster()})
    assert [each.path for each in mistakes] == ["slipway:models.m.source.credentials"]


def test_a_mistake_is_reported_without_loading_amazon_s_sdk() -> None:
    program = (
        "import sys\n"
        "from components.config.load import validate\n"
        "from tests.unit.components.environment import stack_file\n"
        "config, mistakes = validate({**stack_file(models={}), 'cluster': {'kind': 'eks'}})\n"
        "print(len(mistakes) > 2, [name for name in sys.modules if name.startswith('pulumi_aws')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "True []"
