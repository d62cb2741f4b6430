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
    rules = [rule for rule in RULES if type in rule.types and (opt_in or not rule.opt_in)]
    return {rule.id for rule in rules if rule.broken(properties)}


@pytest.mark.parametrize("type", GOOD)
def test_a_good_resource_breaks_no_rule(type: str) -> None:
    assert broken(type, GOOD[type]) == set()


@pytest.mark.parametrize("name", GOOD_TOO)
def test_there_is_more_than_one_way_to_be_good(name: str) -> None:
    assert broken(*GOOD_TOO[name], opt_in=False) == set()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_one_change_breaks_the_rule_and_nothing_else(case: Case) -> None:
    assert broken(case.type, case.properties()) == {case.rule, *case.also}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_has_a_case_for_each_type_that_it_is_about(rule: Rule) -> None:
    assert {case.type for case in CASES if case.rule == rule.id} == set(rule.types)


def _unknown(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unknown(inner) for key, inner in value.items()}
    return [_unknown(each) for each in value] if isinstance(value, list) else UNKNOWN


@pytest.mark.parametrize("deep", [True, False], ids=["values", "properties"])
@pytest.mark.parametrize("type", GOOD)
def test_what_a_preview_does_not_know_breaks_no_rule(type: str, deep: bool) -> None:
    good = GOOD[type]
    unknown: dict[str, Any | Unknown] = _unknown(good) if deep else dict.fromkeys(good, UNKNOWN)
    assert broken(type, unknown) == set()


@pytest.mark.parametrize("cidr", ["0.0.0.0/0", "::/0", "128.0.0.0/1", "0.0.0.0/7"])
def test_half_the_internet_is_all_of_it(cidr: str) -> None:
    assert open_to_all(["203.0.113.0/24", cidr])
    assert not open_to_all(["203.0.113.0/24", "10.0.0.0/8", "2001:db8::/32"])


def test_ids_are_used_once() -> None:
    assert Counter(rule.id for rule in RULES).most_common(1)[0][1] == 1
    assert not LEFT_OUT.keys() & {rule.id for rule in RULES}


def test_the_oldest_version_is_that_of_the_clusters_too() -> None:
    oldest = min(MINORS, key=lambda minor: tuple(map(int, minor.split("."))))
    assert oldest == eks.OLDEST_MINOR


def test_the_page_says_what_the_rules_say() -> None:
    assert table.PAGE.read_text() == table.page(), "run `python -m policy.rules.table`"
