"""What the repository's own stacks ask of a cloud, before the policy pack's rules."""

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


def test_every_cloud_has_an_example() -> None:
    kinds = {config["slipway:cluster"]["kind"] for config in stacks().values()}
    assert kinds == set(KINDS) == {cloud.lower() for cloud in CLOUDS}


def findings(config: dict[str, Any], *, without: str = "") -> list[str]:
    """What the rules find; all types that they are about are there, but for those that begin with
    `without`."""
    kind = config["slipway:cluster"]["kind"]
    made = run(lambda: deploy(load()), config, cloud=every.CLOUDS[kind]).resources
    about = {
        type
        for rule in CLOUDS[kind.upper()]
        for type in rule.types
        if not (without and type.startswith(without))
    }
    assert about <= {each.type for each in made}
    return [
        f"{each.name}: {rule.id}"
        for each in made
        for rule in RULES
        if each.type in rule.types and not rule.opt_in and rule.broken(each.inputs)
    ]


@pytest.mark.parametrize("path", stacks())
def test_no_rule_finds_anything_in_an_example(path: str) -> None:
    assert findings(stacks()[path], without="kubernetes:") == []


def test_no_rule_finds_anything_in_nodes_of_karpenter() -> None:
    config = stacks()["Pulumi.eks.yaml"]
    cluster = {**config["slipway:cluster"], "autoscaler": "karpenter"}
    assert findings({**config, "slipway:cluster": cluster}) == []
