"""Karpenter's chart and CustomResourceDefinitions on a real API server, which accepts the program's
objects, and the order of their creation and deletion. Karpenter itself does not run here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.engine.apiserver import ApiServer
from tests.engine.charts import helm_home
from tests.engine.clouds.lifecycle import NAMESPACES, CloudStack, Step, assert_before, of, shown
from tests.engine.program.controllers import controllers
from tests.engine.program.program import ROOT

_DEFINITIONS = "kubernetes:apiextensions.k8s.io/*"
_DEPLOYMENTS = "kubernetes:apps/v1:Deployment"
_POOLS = "kubernetes:karpenter.sh/*:NodePool"
_CLASSES = "kubernetes:karpenter.k8s.aws/*:EC2NodeClass"
#: The permissions that Karpenter needs to start and to terminate nodes.
_PERMISSIONS = ("aws:eks/podIdentityAssociation:*", "aws:iam/rolePolicy:*", "aws:eks/accessEntry:*")
#: A pool with all options, in addition to those of the stack file.
_BURST = {
    "machine_type": "m7i.large",
    "min": 0,
    "max": 5,
    "spot": {"on_demand": 1},
    "image_family": "BOTTLEROCKET",
    "zones": ["us-east-1b"],
    "labels": {"team": "vision"},
    "taints": ["team=vision:NoSchedule", "slow:PreferNoSchedule"],
}


@pytest.fixture
def config(vendor_charts: str) -> dict[str, Any]:
    """The stack file of EKS, with Karpenter."""
    config: dict[str, Any] = yaml.safe_load((ROOT / "Pulumi.eks.yaml").read_text())["config"]
    config["slipway:cluster"]["autoscaler"] = "karpenter"
    config["slipway:cluster"]["node_pools"]["burst"] = _BURST
    config["slipway:images"] = {"charts": vendor_charts}
    return config


@pytest.fixture
def stack(
    simulated_home: Path, tmp_path: Path, new_cluster: ApiServer, config: dict[str, Any]
) -> CloudStack:
    stack = CloudStack(
        tmp_path / "program", simulated_home, tmp_path / "account", new_cluster, "eks"
    )
    stack.environment |= helm_home(tmp_path / "helm")
    stack.write(config)
    return stack


def test_karpenter_is_created_before_its_pools_and_deleted_after_them(
    stack: CloudStack, new_cluster: ApiServer, config: dict[str, Any]
) -> None:
    with controllers(new_cluster, *NAMESPACES):
        _assert_creation_order(stack)
        _, steps = stack.run("up", "--yes", "--skip-preview", "--expect-no-changes")
        assert steps == [], shown(steps)

        config["slipway:cluster"]["node_pools"]["gpu"]["max"] = 3
        stack.write(config)
        _, (changed,) = stack.deploy()
        assert (changed.op, changed.name) == ("update", "cluster-karpenter-gpu")
        limits = [each["spec"]["limits"]["nodes"] for each in new_cluster.get("nodepools")["items"]]
        assert sorted(limits) == ["2", "3", "4"]

        _assert_deletion_order(stack.tear_down_protected(config))
    stack.assert_gone()


def _assert_creation_order(stack: CloudStack) -> None:
    _, steps = stack.deploy()
    print(shown(steps))
    chart, other = _split(of(steps, "create", _DEPLOYMENTS))
    pools, classes = of(steps, "create", _POOLS), of(steps, "create", _CLASSES)
    assert_before(of(steps, "create", "aws:eks/nodeGroup:*"), chart)
    assert_before(_of_karpenter(of(steps, "create", *_PERMISSIONS)), classes)
    assert_before(of(steps, "create", _DEFINITIONS), classes)
    assert_before(chart, classes)
    for pool in pools:
        assert_before(_class_of(pool, classes), [pool])
    assert_before(pools, other)


def _assert_deletion_order(steps: list[Step]) -> None:
    chart, other = _split(of(steps, "delete", _DEPLOYMENTS))
    pools, classes = of(steps, "delete", _POOLS), of(steps, "delete", _CLASSES)
    groups = of(steps, "delete", "aws:eks/nodeGroup:*")
    services = of(steps, "delete", "kubernetes:core/v1:Service")
    assert_before([*other, *_split(services)[1]], pools)
    for pool in pools:
        assert_before([pool], _class_of(pool, classes))
    assert_before(classes, chart)
    assert_before(classes, _of_karpenter(of(steps, "delete", *_PERMISSIONS)))
    assert_before(classes, of(steps, "delete", _DEFINITIONS))
    assert_before(chart, groups)
    assert_before(groups, of(steps, "delete", "aws:eks/cluster:*"))


def _class_of(pool: Step, classes: list[Step]) -> list[Step]:
    return [each for each in classes if each.name == f"{pool.name}-class"]


def _split(steps: list[Step]) -> tuple[list[Step], list[Step]]:
    """The operations on Karpenter's own objects, and the others."""
    return _of_karpenter(steps), [each for each in steps if "karpenter" not in each.name]


def _of_karpenter(steps: list[Step]) -> list[Step]:
    return [each for each in steps if "karpenter" in each.name]
