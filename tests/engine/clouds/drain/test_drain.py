"""The real Karpenter makes nodes for a stack's pods, and drains them before it is deleted. Only the
nodes are fake: see `kwok_cluster.py`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from tests.engine.apiserver import ApiServer
from tests.engine.charts import helm_home
from tests.engine.clouds.drain import kwok_cluster
from tests.engine.clouds.drain.watching import Watch, watched
from tests.engine.clouds.lifecycle import NAMESPACES, CloudStack, assert_before, of, shown
from tests.engine.program.controllers import controllers
from tests.engine.program.program import ROOT

_ZONE = "us-east-1a"
#: EC2 instance types, with the disk sizes of the pools.
_MACHINES = (
    kwok_cluster.machine(
        "m7i.large", _ZONE, {"cpu": "2", "memory": "8Gi", "ephemeral-storage": "100Gi"}
    ),
    kwok_cluster.machine(
        "g6.xlarge",
        _ZONE,
        {"cpu": "4", "memory": "16Gi", "ephemeral-storage": "200Gi", "nvidia.com/gpu": "1"},
    ),
)
_POOL = "karpenter.sh/nodepool"
#: A Deployment that the stack does not own, and so does not delete. Each of its pods fills a node.
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
      nodeSelector: {slipway.dev/node-pool: burst}
      containers: [{name: guest, image: guest, resources: {requests: {cpu: 1500m}}}]
"""
_SECONDS = 60
#: One node for the model with a GPU, and the most that the other pool may have.
_NODES, _RUNNING_GUESTS = 3, 2


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[ApiServer]:
    directory = tmp_path / "cluster"
    directory.mkdir()
    with (
        kwok_cluster.cluster(directory, _MACHINES) as server,
        controllers(server, *NAMESPACES, workloads=False),
    ):
        yield server


@pytest.fixture
def stack(
    simulated_home: Path, tmp_path: Path, cluster: ApiServer, vendor_charts: str
) -> CloudStack:
    """The stack file of EKS with Karpenter, which makes all nodes of two of the pools."""
    config = yaml.safe_load((ROOT / "Pulumi.eks.yaml").read_text())["config"]
    options = config["slipway:cluster"]
    options |= {"autoscaler": "karpenter", "deletion_protection": False}
    options["node_pools"]["default"] = {"machine_type": "m7i.large", "min": 1, "max": 1}
    options["node_pools"]["burst"] = {"machine_type": "m7i.large", "min": 0, "max": 2}
    config["slipway:images"] = {"charts": vendor_charts}
    stack = CloudStack(tmp_path / "program", simulated_home, tmp_path / "account", cluster, "eks")
    stack.environment |= helm_home(tmp_path / "helm")
    stack.write(config)
    return stack


def test_a_destroy_drains_karpenter_s_nodes_before_it_deletes_karpenter(
    stack: CloudStack, cluster: ApiServer, tmp_path: Path
) -> None:
    stack.deploy()
    assert _pools_of_nodes(cluster) == ["gpu"], "the model with a GPU runs on a node of its pool"
    cluster.kubectl("apply", "-f", "-", stdin=_GUESTS)
    _until(lambda: len(_guests(cluster, "Running")) == _RUNNING_GUESTS)
    _until(lambda: "limits" in _events_of(cluster, *_guests(cluster, "Pending")))
    # All three pods were created at once, and the pool does not exceed its `max`.
    assert _pools_of_nodes(cluster) == ["burst", "burst", "gpu"]

    resources = ("pods", "nodes", "nodeclaims", "nodepools", "deployments")
    with watched(cluster, tmp_path, *resources) as watch:
        _, steps = stack.tear_down()
    print(shown(steps))
    stack.assert_gone()
    _assert_drained(watch)
    assert len(_evicted(cluster)) == _RUNNING_GUESTS

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
    """The guests on a node are deleted before the node, the node before its NodeClaim, that before
    the NodePool, and all of them before Karpenter's Deployment changes."""
    pods, claims, pools = (watch.deleted(each) for each in ("pods", "nodeclaims", "nodepools"))
    deployment = [each for each in watch.of("deployments") if each.name == "karpenter"]
    first = min(each.revision for each in deployment if each.deleting or each.what == "DELETED")
    evicted = 0
    nodes = watch.deleted("nodes")
    assert len(nodes) == _NODES
    for node in nodes:
        guests = [each for each in pods if each.node == node.name and "guests" in each.name]
        (claim,) = [each for each in claims if each.node == node.name]
        (pool,) = [each for each in pools if each.name == node.pool]
        assert all(each.revision < node.revision for each in guests)
        assert node.revision < claim.revision < pool.revision < first
        evicted += len(guests)
    assert evicted == _RUNNING_GUESTS


def _pools_of_nodes(cluster: ApiServer) -> list[str]:
    """The pool in the stack file, for each node that Karpenter made."""
    labels = [each["metadata"]["labels"] for each in cluster.get("nodes", "-l", _POOL)["items"]]
    assert len(cluster.get("nodeclaims")["items"]) == len(labels)
    return sorted(each["slipway.dev/node-pool"] for each in labels)


def _guests(cluster: ApiServer, phase: str) -> list[str]:
    pods = cluster.get("pods", "-n", "default", "-l", "app=guests")["items"]
    return [each["metadata"]["name"] for each in pods if each["status"]["phase"] == phase]


def _events_of(cluster: ApiServer, *pods: str) -> str:
    """Karpenter's event messages about pods."""
    events = cluster.get("events", "-n", "default")["items"]
    return "\n".join(
        each["message"]
        for each in events
        if each["involvedObject"]["name"] in pods and "karpenter" in json.dumps(each["source"])
    )


def _evicted(cluster: ApiServer) -> set[str]:
    """The guests that Karpenter evicted, with the permissions of its chart."""
    lines = [json.loads(line) for line in cluster.audit_log.read_text().splitlines()]
    return {
        each["objectRef"]["name"]
        for each in lines
        if each.get("objectRef", {}).get("subresource") == "eviction"
        and each["objectRef"]["name"].startswith("guests-")
        and each["user"]["username"] == "system:serviceaccount:kube-system:karpenter"
        and each["responseStatus"]["code"] < 300
    }


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not within {_SECONDS} s"
        time.sleep(0.3)
