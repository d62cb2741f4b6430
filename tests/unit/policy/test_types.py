"""The properties that rules read are those that the clouds' own SDKs send."""

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
    """What the SDK's arguments of `type` would not take; the engine's numbers are floats, and what
    is left out is not asked for here."""
    package, module, kind = type.split(":")
    module, _, _ = module.partition("/")
    name = re.sub(r"(?<!^)([A-Z])", r"_\1", kind).lower()
    sdk = importlib.import_module(f"pulumi_{package}.{module}.{name}")
    arguments = getattr(sdk, f"{kind}Args")
    wrong = sdk_types._wrong(properties, arguments, kind)
    return [each for each in wrong if not each.endswith(" is missing")]


#: Kinds of the cluster's own are checked by its API server, in tests/engine/clouds.
OF_A_CLOUD = [type for type in GOOD if not type.startswith("kubernetes:")]


def test_every_type_is_tried() -> None:
    assert {type for rule in RULES for type in rule.types} == GOOD.keys()


@pytest.mark.parametrize("type", OF_A_CLOUD)
def test_the_good_resource_is_one_that_the_sdk_makes(type: str) -> None:
    assert unknown_to_the_sdk(type, GOOD[type]) == []


@pytest.mark.parametrize("name", GOOD_TOO)
def test_the_other_good_resources_are_too(name: str) -> None:
    assert unknown_to_the_sdk(*GOOD_TOO[name]) == []


@pytest.mark.parametrize("case", [each for each in CASES if each.type in OF_A_CLOUD], ids=str)
def test_what_breaks_a_rule_is_something_that_the_sdk_makes(case: Case) -> None:
    assert unknown_to_the_sdk(case.type, case.properties()) == []
