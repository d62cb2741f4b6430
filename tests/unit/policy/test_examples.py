"""What the repository's own stacks ask of a cloud, before the policy pack's rules."""

from __future__ import annotations

import pytest

from components.config.load import load
from components.stack import deploy
from policy.rules import CLOUDS, RULES
from tests.unit.clouds import gke  # noqa: F401 (what Google Cloud answers)
from tests.unit.clouds.aws import Aws
from tests.unit.components.engine import run
from tests.unit.policy.stacks import CLOUDS as KINDS
from tests.unit.policy.stacks import stacks


def test_every_cloud_has_an_example() -> None:
    kinds = {config["slipway:cluster"]["kind"] for config in stacks().values()}
    assert kinds == set(KINDS) == {cloud.lower() for cloud in CLOUDS}


@pytest.mark.parametrize("path", stacks())
def test_no_rule_finds_anything_in_an_example(path: str) -> None:
    config = stacks()[path]
    made = run(lambda: deploy(load()), config, cloud=Aws()).resources
    rules = CLOUDS[config["slipway:cluster"]["kind"].upper()]
    assert {type for rule in rules for type in rule.types} <= {each.type for each in made}
    assert [
        f"{each.name}: {rule.id}"
        for each in made
        for rule in RULES
        if each.type in rule.types and not rule.opt_in and rule.broken(each.inputs)
    ] == []
