"""The policy pack: `pulumi preview --policy-pack policy`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError
from rules import RULES, Rule
from rules.rule import UNKNOWN

#: Printed after the rule's description, for which the engine takes `demands`.
_VIOLATION = "it is not so here; docs/clouds/policies.md tells how a rule is turned off"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _member(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_member(value, number) for number in range(len(value))]
    return value


def _member(value: Any, key: str | int) -> Any:
    """`value[key]`, or `UNKNOWN` for a value that only `up` determines."""
    try:
        return _plain(value[key])
    except UnknownValueError:
        return UNKNOWN


def _policy(rule: Rule) -> ResourceValidationPolicy:
    def validate(args: ResourceValidationArgs, report_violation: ReportViolation) -> None:
        if args.resource_type in rule.types and rule.broken(_plain(args.props)):
            report_violation(_VIOLATION, None)

    return ResourceValidationPolicy(
        name=rule.id,
        description=rule.demands,
        validate=validate,
        enforcement_level=EnforcementLevel.DISABLED if rule.opt_in else EnforcementLevel.MANDATORY,
    )


PolicyPack("slipway", [_policy(rule) for rule in RULES])
