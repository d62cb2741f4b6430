"""Each mistake in a cluster on GKE is reported with its key and its fix, without Google's SDK."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from components.config.load import validate
from tests.unit.components.environment import model, stack_file

DEFAULT = {"machine_type": "e2-standard-4", "min": 1, "max": 3}
GPU = {"machine_type": "g2-standard-8", "max": 2, "accelerator": {"kind": "nvidia-l4"}}
KEY = "projects/p/locations/{}/keyRings/r/cryptoKeys/k"
EXISTING = {
    "kind": "existing",
    "network": "n",
    "subnetwork": "s",
    "pods": "p",
    "services": "v",
}


def gke(**changes: Any) -> dict[str, Any]:
    return {
        "kind": "gke",
        "project": "my-project",
        "region": "us-central1",
        "vpc": {"kind": "create"},
        "access": {"kind": "dns"},
        "node_pools": {"default": DEFAULT},
        **changes,
    }


def vpc(**changes: Any) -> dict[str, Any]:
    return gke(vpc={"kind": "create", **changes})


def pools(**others: Any) -> dict[str, Any]:
    return gke(node_pools={"default": DEFAULT, **others})


def gpu(**changes: Any) -> dict[str, Any]:
    return pools(gpu={**GPU, **changes})


# The cluster, the wrong key in `slipway:cluster`, and a part of the message.
MISTAKES: dict[str, tuple[dict[str, Any], str, str]] = {
    "no project": ({**gke(), "project": None}, "project", "text"),
    "a project's name": (gke(project="My Project"), "project", "neither the name nor the number"),
    "a zone for a region": (gke(region="us-central1-a"), "region", "did you mean `us-central1`"),
    "no region at all": (gke(region="iowa"), "region", "`gcloud compute regions list`"),
    "an unknown minor": (
        gke(version="1.20"),
        "version",
        'write the newest, in quotes: `version: "1.36"`',
    ),
    "a patch for a minor": (gke(version="1.35.8-gke.1"), "version", "`1.34`, `1.35` or `1.36`"),
    "a number for a version": (gke(version=1.35), "version", "put the value in quotes"),
    "no such access": (gke(access={"kind": "public"}), "access", "`cidrs`, `dns` or `private`"),
    "a public endpoint without ranges": (
        gke(access={"kind": "cidrs", "cidrs": []}),
        "access.cidrs",
        "name at least one",
    ),
    "a public endpoint for everybody": (
        gke(access={"kind": "cidrs", "cidrs": ["0.0.0.0/0"]}),
        "access.cidrs[0]",
        "not `0.0.0.0/0`",
    ),
    "a private endpoint without a way in": (
        gke(access={"kind": "private"}),
        "access.from",
        "add the key `from`",
    ),
    "ranges of a DNS endpoint": (
        gke(access={"kind": "dns", "cidrs": ["10.0.0.0/8"]}),
        "access.cidrs",
        "take `cidrs` out",
    ),
    "a public range for nodes": (vpc(cidr="8.8.0.0/16"), "vpc.cidr", "a private IPv4 range"),
    "a range too small for nodes": (vpc(cidr="10.0.0.0/24"), "vpc.cidr", "write `10.0.0.0/16`"),
    "a range too small for pods": (vpc(pods="10.4.0.0/24"), "vpc.pods", "from /9 to /21"),
    "pods among nodes": (
        vpc(pods="10.0.0.0/14"),
        "",
        "`vpc.pods` (10.0.0.0/14) outside `vpc.cidr`",
    ),
    "pods among Services": (
        gke(service_cidr="10.5.0.0/20"),
        "",
        "`vpc.pods` (10.4.0.0/14) outside `service_cidr`",
    ),
    "nodes among Services": (gke(service_cidr="10.0.0.0/20"), "", "`service_cidr` (10.0.0.0/20)"),
    "a Service range with an existing network": (
        gke(vpc=EXISTING, service_cidr="10.9.0.0/20"),
        "",
        "take `service_cidr` out",
    ),
    "an existing network without a subnet": (
        gke(vpc={key: EXISTING[key] for key in EXISTING if key != "subnetwork"}),
        "vpc.subnetwork",
        "add the key `subnetwork`",
    ),
    "a zone of another region": (vpc(zones=["us-east1-b"]), "vpc", "such as `us-central1-a`"),
    "a pool in another region": (
        pools(far={**DEFAULT, "zones": ["europe-west4-a"]}),
        "node_pools",
        "not `europe-west4-a`",
    ),
    "a pool outside the network's zones": (
        gke(
            vpc={"kind": "create", "zones": ["us-central1-a"]},
            node_pools={"default": {**DEFAULT, "zones": ["us-central1-b"]}},
        ),
        "",
        "take `us-central1-b` out of `node_pools.default.zones`, or",
    ),
    "a key of another region": (
        gke(encryption_key=KEY.format("europe-west4")),
        "encryption_key",
        "leave it out to make one, or choose a key in that region",
    ),
    "a key by its short name": (
        gke(encryption_key="ring/key"),
        "encryption_key",
        "run `gcloud kms keys list` for its whole name",
    ),
    "no node pools": (gke(node_pools={}), "node_pools", "a pool without taints"),
    "nowhere for DNS to run": (
        gke(node_pools={"default": {**DEFAULT, "min": 0}}),
        "node_pools",
        "at least one node",
    ),
    "only tainted pools": (
        gke(node_pools={"default": {**DEFAULT, "taints": ["a=b:NoSchedule"]}}),
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
    "too little time for upgrades": (
        gke(maintenance={"days": ["SU"], "hours": 6}),
        "maintenance",
        "48 hours of maintenance",
    ),
    "an unknown day": (
        gke(maintenance={"days": ["Sunday"]}),
        "maintenance.days[0]",
        "'SU'",
    ),
    "a zone without its name at Google": (
        gke(dns={"zone": "example.com"}),
        "dns.managed_zone",
        "add the key `managed_zone`",
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
    "a window with an invalid start": (
        gke(maintenance={"start": "2:00"}),
        "maintenance.start",
        "did you mean `02:00`?",
    ),
    "a group that GKE does not know": (
        gke(security_group="admins@example.com"),
        "security_group",
        "`gke-security-groups@<your domain>`",
    ),
    "an unknown channel": (gke(channel="nightly"), "channel", "'regular'"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_reported_with_its_key_and_its_fix(name: str) -> None:
    raw, key, words = MISTAKES[name]
    gateway = {"kind": "nginx", "host": "models.example.com", "tls": {"kind": "self-signed"}}
    config, mistakes = validate({**stack_file(models={}), "gateway": gateway, "cluster": raw})
    assert config is None
    path = f"slipway:cluster.{key}" if key else "slipway:cluster"
    assert [each.path for each in mistakes] == [path]
    assert words in str(mistakes[0])


def test_a_correct_cluster_is_accepted() -> None:
    config, mistakes = validate({**stack_file(), "cluster": gpu()})
    assert config and not mistakes


def test_a_model_with_a_gpu_needs_a_pool_that_offers_that_gpu() -> None:
    models = {"half_plus_two": model(accelerator={"kind": "nvidia-l4"})}
    for cluster in (gke(), gpu(gpu_driver="dra")):
        _, mistakes = validate({**stack_file(models=models), "cluster": cluster})
        (mistake,) = mistakes
        assert mistake.path == "slipway:models.half_plus_two.accelerator"
    config, mistakes = validate({**stack_file(models=models), "cluster": gpu()})
    assert config and not mistakes


@pytest.mark.parametrize("host", [None, "models.example.org", "badexample.com"])
def test_a_dns_zone_needs_a_host_in_it(host: str | None) -> None:
    dns = {"zone": "example.com", "managed_zone": "example-com"}
    gateway = {**stack_file()["gateway"], "host": host}
    if host is None:
        del gateway["host"]
    whole = {**stack_file(models={}, gateway=gateway), "cluster": gke(dns=dns)}
    _, (mistake,) = validate(whole)
    assert mistake.path == "slipway:gateway.host"
    assert "write `host: models.example.com`" in str(mistake)
    for good in ("models.example.com", "example.com"):
        config, mistakes = validate({**whole, "gateway": {**gateway, "host": good}})
        assert config and not mistakes


def test_a_gke_stack_file_is_read_without_the_sdk_of_any_cloud() -> None:
    program = (
        "import json, sys\n"
        "from components.config.load import validate\n"
        "config, mistakes = validate(json.loads(sys.stdin.read()))\n"
        "assert config and not mistakes\n"
        "clouds = ('pulumi_aws', 'pulumi_gcp', 'pulumi_alicloud', 'pulumi_kubernetes')\n"
        "print([name for name in sys.modules if name in clouds])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[3],
        input=json.dumps({**stack_file(), "cluster": gpu()}),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
