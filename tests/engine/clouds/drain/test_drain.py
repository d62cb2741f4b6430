"""The real Karpenter makes nodes for a stack's pods, and is drained of them before it goes. Only
the machines are on paper: see `paper.py`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from tests.engine.apiserver import ApiServer
from tests.engine.charts import helm_home
from tests.engine.clouds.drain import paper
from tests.engine.clouds.drain.watching import Watch, watched
from tests.engine.clouds.life import NAMESPACES, Life, assert_before, of, shown
from tests.engine.program.controllers import controllers
from tests.engine.program.program import ROOT

_ZONE = "us-east-1a"
#: As EC2 has them, with the disks that the pools say.
_MACHINES = (
    paper.machine("m7i.large", _ZONE, {"cpu": "2", "memory": "8Gi", "ephemeral-storage": "100Gi"}),
    paper.machine(
        "g6.xlarge",
        _ZONE,
        {"cpu": "4", "memory": "16Gi", "ephemeral-storage": "200Gi", "nvidia.com/gpu": "1"},
    ),
)
_POOL = "karpenter.sh/nodepool"
#: Of another owner than the stack, which does not take it away; each of its pods fills a machine.
_GUESTS = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: guests, namespace: default}
spec:
  replicas: 3
  selector: {matchLabels: {app: guests}}
  template:
    metadata: {labels: {app: guests}}
    spec:
      nodeSelector: {slipway/node-pool: burst}
      containers: [{name: guest, image: guest, resources: {requests: {cpu: 1500m}}}]
"""
_SECONDS = 60
#: One for the model with a GPU, and as many as the other pool may have.
_NODES, _GUESTS_THERE = 3, 2


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[ApiServer]:
    directory = tmp_path / "cluster"
    directory.mkdir()
    with (
        paper.cluster(directory, _MACHINES) as server,
        controllers(server, *NAMESPACES, workloads=False),
    ):
        yield server


@pytest.fixture
def stack(simulated_home: Path, tmp_path: Path, cluster: ApiServer, charts_of_vendors: str) -> Life:
    """The stack file of EKS with Karpenter, which makes all of two pools' nodes."""
    config = yaml.safe_load((ROOT / "Pulumi.eks.yaml").read_text())["config"]
    said = config["slipway:cluster"]
    said |= {"autoscaler": "karpenter", "deletion_protection": False}
    said["node_pools"]["default"] = {"machine_type": "m7i.large", "min": 1, "max": 1}
    said["node_pools"]["burst"] = {"machine_type": "m7i.large", "min": 0, "max": 2}
    config["slipway:images"] = {"charts": charts_of_vendors}
    made = Life(tmp_path / "program", simulated_home, tmp_path / "account", cluster, "eks")
    made.environment |= helm_home(tmp_path / "helm")
    made.write(config)
    return made


def test_a_destroy_drains_karpenter_s_nodes_before_it_takes_karpenter_away(
    stack: Life, cluster: ApiServer, tmp_path: Path
) -> None:
    stack.made()
    assert _pools_of_nodes(cluster) == ["gpu"], "the model with a GPU runs on a node of its pool"
    cluster.kubectl("apply", "-f", "-", stdin=_GUESTS)
    _until(lambda: len(_guests(cluster, "Running")) == _GUESTS_THERE)
    _until(lambda: "limits" in _said_of(cluster, *_guests(cluster, "Pending")))
    # All three came at once, and a pool has no more nodes than its `max`.
    assert _pools_of_nodes(cluster) == ["burst", "burst", "gpu"]

    resources = ("pods", "nodes", "nodeclaims", "nodepools", "deployments")
    with watched(cluster, tmp_path, *resources) as watch:
        _, steps = stack.destroyed()
    print(shown(steps))
    stack.assert_gone()
    _assert_drained(watch)
    assert len(_evicted(cluster)) == _GUESTS_THERE

    pools = of(steps, "delete", "kubernetes:karpenter.sh/*:NodePool")
    for later in (
        "kubernetes:apps/v1:Deployment",
        "aws:eks/podIdentityAssociation:*",
        "aws:iam/rolePolicy:*",
        "aws:eks/accessEntry:*",
    ):
        of_karpenter = [each for each in of(steps, "delete", later) if "karpenter" in each.name]
        assert_before(pools, of_karpenter)
    assert_before(pools, of(steps, "delete", "aws:eks/nodeGroup:*"))


def _assert_drained(watch: Watch) -> None:
    """The guests on a node before it, it before its claim, that before their pool, and all of it
    before anything happens to Karpenter's Deployment."""
    pods, claims, pools = (watch.gone(each) for each in ("pods", "nodeclaims", "nodepools"))
    deployment = [each for each in watch.of("deployments") if each.name == "karpenter"]
    first = min(each.revision for each in deployment if each.going or each.what == "DELETED")
    evicted = 0
    nodes = watch.gone("nodes")
    assert len(nodes) == _NODES
    for node in nodes:
        guests = [each for each in pods if each.node == node.name and "guests" in each.name]
        (claim,) = [each for each in claims if each.node == node.name]
        (pool,) = [each for each in pools if each.name == node.pool]
        assert all(each.revision < node.revision for each in guests)
        assert node.revision < claim.revision < pool.revision < first
        evicted += len(guests)
    assert evicted == _GUESTS_THERE


def _pools_of_nodes(cluster: ApiServer) -> list[str]:
    """Of each node that Karpenter made, the pool that the stack file names."""
    labels = [each["metadata"]["labels"] for each in cluster.get("nodes", "-l", _POOL)["items"]]
    assert len(cluster.get("nodeclaims")["items"]) == len(labels)
    return sorted(each["slipway/node-pool"] for each in labels)


def _guests(cluster: ApiServer, phase: str) -> list[str]:
    found = cluster.get("pods", "-n", "default", "-l", "app=guests")["items"]
    return [each["metadata"]["name"] for each in found if each["status"]["phase"] == phase]


def _said_of(cluster: ApiServer, *pods: str) -> str:
    """What Karpenter says of pods that it makes no node for."""
    found = cluster.get("events", "-n", "default")["items"]
    return "\n".join(
        each["message"]
        for each in found
        if each["involvedObject"]["name"] in pods and "karpenter" in json.dumps(each["source"])
    )


def _evicted(cluster: ApiServer) -> set[str]:
    """The guests whose eviction was granted to Karpenter, by its chart's rights."""
    lines = [json.loads(line) for line in cluster.audit_log.read_text().splitlines()]
    return {
        each["objectRef"]["name"]
        for each in lines
        if each.get("objectRef", {}).get("subresource") == "eviction"
        and each["objectRef"]["name"].startswith("guests-")
        and each["user"]["username"] == "system:serviceaccount:kube-system:karpenter"
        and each["responseStatus"]["code"] < 300
    }


def _until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not met():
        assert time.monotonic() < deadline, f"not within {_SECONDS} s"
        time.sleep(0.3)
