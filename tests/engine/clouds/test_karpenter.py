"""Karpenter's own chart and definitions on a real API server, which takes what the program makes
for it, and the order in which all of it comes and goes. Karpenter itself does not run here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.engine.apiserver import ApiServer
from tests.engine.charts import helm_home
from tests.engine.clouds.life import NAMESPACES, Life, Step, assert_before, of, shown
from tests.engine.program.controllers import controllers
from tests.engine.program.program import ROOT

_DEFINITIONS = "kubernetes:apiextensions.k8s.io/*"
_DEPLOYMENTS = "kubernetes:apps/v1:Deployment"
_POOLS = "kubernetes:karpenter.sh/*:NodePool"
_CLASSES = "kubernetes:karpenter.k8s.aws/*:EC2NodeClass"
#: Without which a node neither comes nor goes.
_RIGHTS = ("aws:eks/podIdentityAssociation:*", "aws:iam/rolePolicy:*", "aws:eks/accessEntry:*")
#: Beside those of the stack file, one that says all that a pool can say.
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
def config(charts_of_vendors: str) -> dict[str, Any]:
    """The stack file of EKS, with Karpenter."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "Pulumi.eks.yaml").read_text())["config"]
    found["slipway:cluster"]["autoscaler"] = "karpenter"
    found["slipway:cluster"]["node_pools"]["burst"] = _BURST
    found["slipway:images"] = {"charts": charts_of_vendors}
    return found


@pytest.fixture
def stack(
    simulated_home: Path, tmp_path: Path, new_cluster: ApiServer, config: dict[str, Any]
) -> Life:
    made = Life(tmp_path / "program", simulated_home, tmp_path / "account", new_cluster, "eks")
    made.environment |= helm_home(tmp_path / "helm")
    made.write(config)
    return made


def test_karpenter_comes_before_its_pools_stays_changes_in_one_and_goes_after_them(
    stack: Life, new_cluster: ApiServer, config: dict[str, Any]
) -> None:
    with controllers(new_cluster, *NAMESPACES):
        _comes(stack)
        _, steps = stack.run("up", "--yes", "--skip-preview", "--expect-no-changes")
        assert steps == [], shown(steps)

        config["slipway:cluster"]["node_pools"]["gpu"]["max"] = 3
        stack.write(config)
        _, (changed,) = stack.made()
        assert (changed.op, changed.name) == ("update", "cluster-karpenter-gpu")
        limits = [each["spec"]["limits"]["nodes"] for each in new_cluster.get("nodepools")["items"]]
        assert sorted(limits) == ["2", "3", "4"]

        _assert_order(stack.destroyed_in_two_steps(config))
    stack.assert_gone()


def _comes(stack: Life) -> None:
    _, steps = stack.made()
    print(shown(steps))
    chart, other = _split(of(steps, "create", _DEPLOYMENTS))
    pools, classes = of(steps, "create", _POOLS), of(steps, "create", _CLASSES)
    assert_before(of(steps, "create", "aws:eks/nodeGroup:*"), chart)
    assert_before(_karpenter_s(of(steps, "create", *_RIGHTS)), classes)
    assert_before(of(steps, "create", _DEFINITIONS), classes)
    assert_before(chart, classes)
    for pool in pools:
        assert_before(_class_of(pool, classes), [pool])
    assert_before(pools, other)


def _assert_order(steps: list[Step]) -> None:
    chart, other = _split(of(steps, "delete", _DEPLOYMENTS))
    pools, classes = of(steps, "delete", _POOLS), of(steps, "delete", _CLASSES)
    groups = of(steps, "delete", "aws:eks/nodeGroup:*")
    services = of(steps, "delete", "kubernetes:core/v1:Service")
    assert_before([*other, *_split(services)[1]], pools)
    for pool in pools:
        assert_before([pool], _class_of(pool, classes))
    assert_before(classes, chart)
    assert_before(classes, _karpenter_s(of(steps, "delete", *_RIGHTS)))
    assert_before(classes, of(steps, "delete", _DEFINITIONS))
    assert_before(chart, groups)
    assert_before(groups, of(steps, "delete", "aws:eks/cluster:*"))


def _class_of(pool: Step, classes: list[Step]) -> list[Step]:
    return [each for each in classes if each.name == f"{pool.name}-class"]


def _split(steps: list[Step]) -> tuple[list[Step], list[Step]]:
    """Those of Karpenter's chart, and the others."""
    return _karpenter_s(steps), [each for each in steps if "karpenter" not in each.name]


def _karpenter_s(steps: list[Step]) -> list[Step]:
    return [each for each in steps if "karpenter" in each.name]
