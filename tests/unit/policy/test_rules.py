"""The policy pack's rules, without Pulumi."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from components.clusters.eks.versions import MINORS
from policy.rules import LEFT_OUT, RULES, eks, table
from policy.rules.rule import UNKNOWN, Rule, Unknown, open_to_all
from tests.unit.policy.cases import CASES, GOOD_TOO, Case
from tests.unit.policy.resources import GOOD


def broken(type: str, properties: dict[str, Any], *, opt_in: bool = True) -> set[str]:
    """The IDs of the rules that a resource breaks."""
    rules = [rule for rule in RULES if type in rule.types and (opt_in or not rule.opt_in)]
    return {rule.id for rule in rules if rule.broken(properties)}


@pytest.mark.parametrize("type", GOOD)
def test_a_good_resource_breaks_no_rule(type: str) -> None:
    assert broken(type, GOOD[type]) == set()


@pytest.mark.parametrize("name", GOOD_TOO)
def test_other_good_resources_break_no_rule(name: str) -> None:
    assert broken(*GOOD_TOO[name], opt_in=False) == set()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_change_breaks_its_rule_and_no_other(case: Case) -> None:
    assert broken(case.type, case.properties()) == {case.rule, *case.also}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_has_a_case_for_each_of_its_types(rule: Rule) -> None:
    assert {case.type for case in CASES if case.rule == rule.id} == set(rule.types)


def _unknown(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unknown(inner) for key, inner in value.items()}
    return [_unknown(each) for each in value] if isinstance(value, list) else UNKNOWN


@pytest.mark.parametrize("deep", [True, False], ids=["values", "properties"])
@pytest.mark.parametrize("type", GOOD)
def test_unknown_values_break_no_rule(type: str, deep: bool) -> None:
    good = GOOD[type]
    unknown: dict[str, Any | Unknown] = _unknown(good) if deep else dict.fromkeys(good, UNKNOWN)
    assert broken(type, unknown) == set()


@pytest.mark.parametrize("cidr", ["0.0.0.0/0", "::/0", "128.0.0.0/1", "0.0.0.0/7"])
def test_a_large_part_of_the_internet_is_open_to_all(cidr: str) -> None:
    assert open_to_all(["203.0.113.0/24", cidr])
    assert not open_to_all(["203.0.113.0/24", "10.0.0.0/8", "2001:db8::/32"])


def test_the_ids_of_rules_are_unique() -> None:
    assert Counter(rule.id for rule in RULES).most_common(1)[0][1] == 1
    assert not LEFT_OUT.keys() & {rule.id for rule in RULES}


def test_the_oldest_supported_version_is_that_of_the_options() -> None:
    oldest = min(MINORS, key=lambda minor: tuple(map(int, minor.split("."))))
    assert oldest == eks.OLDEST_MINOR


def test_the_page_of_rules_is_up_to_date() -> None:
    assert table.PAGE.read_text() == table.page(), "run `python -m policy.rules.table`"
