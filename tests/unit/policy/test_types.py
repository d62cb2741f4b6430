"""The properties that the rules read have the names and types of the clouds' SDKs."""

from __future__ import annotations

import importlib
import re
from typing import Any

import pytest

from policy.rules import RULES
from tests.unit.components import sdk_types
from tests.unit.policy.cases import CASES, GOOD_TOO, Case
from tests.unit.policy.resources import GOOD


def unknown_to_the_sdk(type: str, properties: dict[str, Any]) -> list[str]:
    """The properties that the SDK's arguments of `type` do not accept. Missing ones are not
    reported."""
    package, module, kind = type.split(":")
    module, _, _ = module.partition("/")
    name = re.sub(r"(?<!^)([A-Z])", r"_\1", kind).lower()
    sdk = importlib.import_module(f"pulumi_{package}.{module}.{name}")
    arguments = getattr(sdk, f"{kind}Args")
    wrong = sdk_types._wrong(properties, arguments, kind)
    return [each for each in wrong if not each.endswith(" is missing")]


#: Types of Kubernetes are checked by an API server, in tests/engine/clouds.
OF_A_CLOUD = [type for type in GOOD if not type.startswith("kubernetes:")]


def test_every_type_of_the_rules_has_a_good_resource() -> None:
    assert {type for rule in RULES for type in rule.types} == GOOD.keys()


@pytest.mark.parametrize("type", OF_A_CLOUD)
def test_the_sdk_accepts_the_good_resource(type: str) -> None:
    assert unknown_to_the_sdk(type, GOOD[type]) == []


@pytest.mark.parametrize("name", GOOD_TOO)
def test_the_sdk_accepts_the_other_good_resources(name: str) -> None:
    assert unknown_to_the_sdk(*GOOD_TOO[name]) == []


@pytest.mark.parametrize("case", [each for each in CASES if each.type in OF_A_CLOUD], ids=str)
def test_the_sdk_accepts_the_resources_that_break_a_rule(case: Case) -> None:
    assert unknown_to_the_sdk(case.type, case.properties()) == []
