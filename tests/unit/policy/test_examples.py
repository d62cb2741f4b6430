"""The stack files of the repository, checked with the rules of the policy pack."""

from __future__ import annotations

from typing import Any

import pytest

from components.config.load import load
from components.stack import deploy
from policy.rules import CLOUDS, RULES
from tests.unit.clouds import every
from tests.unit.components.engine import run
from tests.unit.policy.stacks import CLOUDS as KINDS
from tests.unit.policy.stacks import stacks


def test_every_cloud_has_a_stack_file() -> None:
    kinds = {config["slipway:cluster"]["kind"] for config in stacks().values()}
    assert kinds == set(KINDS) == {cloud.lower() for cloud in CLOUDS}


def findings(config: dict[str, Any], *, without: str = "") -> list[str]:
    """The violations in a stack. It has to make all types that the rules check, except those with
    the prefix `without`."""
    kind = config["slipway:cluster"]["kind"]
    resources = run(lambda: deploy(load()), config, cloud=every.CLOUDS[kind]).resources
    checked_types = {
        type
        for rule in CLOUDS[kind.upper()]
        for type in rule.types
        if not (without and type.startswith(without))
    }
    assert checked_types <= {each.type for each in resources}
    return [
        f"{each.name}: {rule.id}"
        for each in resources
        for rule in RULES
        if each.type in rule.types and not rule.opt_in and rule.broken(each.inputs)
    ]


@pytest.mark.parametrize("path", stacks())
def test_a_stack_file_breaks_no_rule(path: str) -> None:
    assert findings(stacks()[path], without="kubernetes:") == []


def test_nodes_of_karpenter_break_no_rule() -> None:
    config = stacks()["Pulumi.eks.yaml"]
    cluster = {**config["slipway:cluster"], "autoscaler": "karpenter"}
    assert findings({**config, "slipway:cluster": cluster}) == []
