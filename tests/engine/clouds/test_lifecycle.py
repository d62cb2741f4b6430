"""Every stack file of a cloud is created, updated and destroyed, in the right order."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.engine.apiserver import ApiServer
from tests.engine.clouds.lifecycle import NAMESPACES, CloudStack, assert_before, of, shown
from tests.engine.program.controllers import controllers
from tests.engine.program.test_scaling import metrics

ROOT = Path(__file__).resolve().parents[3]
_OBJECTS = "kubernetes:*"


@dataclass(frozen=True)
class Cloud:
    """The type tokens of a cloud by their role."""

    subnets: tuple[str, ...]
    egress: tuple[str, ...]
    cluster: str
    pools: str
    #: Namespaces that its clusters have in addition to Kubernetes' own.
    namespaces: tuple[str, ...] = ()
    #: Whether its clusters serve `metrics.k8s.io`.
    metrics: bool = True


CLOUDS = {
    "eks": Cloud(
        subnets=("aws:ec2/vpc:*", "aws:ec2/subnet:*"),
        egress=("aws:ec2/natGateway:*", "aws:ec2/route:*", "aws:ec2/routeTableAssociation:*"),
        cluster="aws:eks/cluster:*",
        pools="aws:eks/nodeGroup:*",
        metrics=False,
    ),
    "gke": Cloud(
        subnets=("gcp:compute/network:*", "gcp:compute/subnetwork:*"),
        egress=("gcp:compute/router*",),
        cluster="gcp:container/cluster:*",
        pools="gcp:container/nodePool:*",
    ),
    "ack": Cloud(
        subnets=("alicloud:vpc/network:*", "alicloud:vpc/switch:*"),
        egress=("alicloud:vpc/natGateway:*", "alicloud:vpc/snatEntry:*"),
        cluster="alicloud:cs/managedKubernetes:*",
        pools="alicloud:cs/nodePool:*",
        namespaces=("ack-csi-fuse",),
    ),
}


def _files() -> list[Path]:
    paths = [*ROOT.glob("Pulumi.*.yaml"), *ROOT.glob("examples/*/*.yaml")]
    return sorted(path for path in paths if _config(path)["slipway:cluster"]["kind"] in CLOUDS)


def _config(path: Path) -> dict[str, Any]:
    config = yaml.safe_load(path.read_text()).get("config") or {}
    return {"slipway:cluster": {"kind": ""}, **config}


@pytest.mark.parametrize("path", _files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_stack_is_created_stays_unchanged_is_updated_in_one_resource_and_is_destroyed(
    simulated_home: Path, tmp_path: Path, new_cluster: ApiServer, path: Path
) -> None:
    config = _config(path)
    kind = config["slipway:cluster"]["kind"]
    cluster = new_cluster
    stack = CloudStack(tmp_path / "program", simulated_home, tmp_path / "account", cluster, kind)
    stack.write(config)
    for name in CLOUDS[kind].namespaces:
        cluster.kubectl("create", "namespace", name)
    namespaces = (config.get("slipway:namespace", "models"), *NAMESPACES)
    metrics_api = metrics(cluster) if CLOUDS[kind].metrics else contextlib.nullcontext()
    with metrics_api, controllers(cluster, *dict.fromkeys(namespaces)):
        _assert_created(stack, CLOUDS[kind])
        _, steps = stack.run("up", "--yes", "--skip-preview", "--expect-no-changes")
        assert steps == [], shown(steps)
        assert stack.outputs()["simulated"] is True
        _assert_pool_updated(stack, CLOUDS[kind], config)
        _assert_destroyed(stack, CLOUDS[kind], config)
    stack.assert_gone()


def _assert_created(stack: CloudStack, cloud: Cloud) -> None:
    _, steps = stack.deploy()
    print(shown(steps))
    assert {each.op for each in steps} == {"create"}
    networks = of(steps, "create", *cloud.subnets)
    if networks:  # none for an existing network
        assert_before(networks, of(steps, "create", cloud.cluster))
        assert_before(of(steps, "create", *cloud.egress), of(steps, "create", cloud.pools))
    assert_before(of(steps, "create", cloud.cluster), of(steps, "create", cloud.pools))
    assert_before(of(steps, "create", cloud.pools), of(steps, "create", _OBJECTS))
    routes = of(steps, "create", "kubernetes:networking.k8s.io/v1:Ingress")
    if routes:
        assert_before([each for each in steps if "gateway" in each.name and each.type in (
            "kubernetes:apps/v1:Deployment", "kubernetes:core/v1:Service")], routes)  # fmt: skip


def _assert_pool_updated(stack: CloudStack, cloud: Cloud, config: dict[str, Any]) -> None:
    pools = config["slipway:cluster"]["node_pools"]
    name = next(iter(pools))
    pools[name]["max"] = pools[name]["max"] + 1
    stack.write(config)
    _, steps = stack.deploy()
    print(shown(steps))
    (changed,) = steps
    assert changed in of(steps, "update", cloud.pools)
    assert name in changed.name


def _assert_destroyed(stack: CloudStack, cloud: Cloud, config: dict[str, Any]) -> None:
    steps = stack.tear_down_protected(config)
    gateway = [
        each
        for each in of(
            steps, "delete", "kubernetes:apps/v1:Deployment", "kubernetes:core/v1:Service"
        )
        if "gateway" in each.name
    ]
    routes = of(steps, "delete", "kubernetes:networking.k8s.io/v1:Ingress")
    if routes:
        assert_before(routes, gateway)
    assert_before(of(steps, "delete", _OBJECTS), of(steps, "delete", cloud.pools))
    assert_before(of(steps, "delete", cloud.pools), of(steps, "delete", cloud.cluster))
    networks = of(steps, "delete", *cloud.subnets)
    if networks:
        assert_before(of(steps, "delete", cloud.cluster), networks)
        assert_before(of(steps, "delete", cloud.pools), of(steps, "delete", *cloud.egress))
