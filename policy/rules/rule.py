"""`Rule`: plain data and a predicate over the properties of a resource, as the engine passes them."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Properties = Mapping[str, Any]


class Unknown:
    """A value that is not known before another resource is created."""


UNKNOWN = Unknown()


class NotKnownYet(Exception):
    """The result depends on a value that a preview does not know."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule for resources of `types`. `demands` describes it in one sentence, and `holds` checks
    it. If `opt_in` has a text, the reason why, the rule is off until a user turns it on."""

    id: str
    types: tuple[str, ...]
    demands: str
    holds: Callable[[Properties], bool]
    opt_in: str = ""

    def broken(self, properties: Properties) -> bool:
        """Whether `properties` break the rule. Unknown values break none."""
        try:
            return not self.holds(properties)
        except NotKnownYet:
            return False


def at(properties: Properties, path: str) -> Any:
    """The value at a dotted path, None if there is none.

    Raises `NotKnownYet` if the value, or an object that contains it, is not known.
    """
    value: Any = properties
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
        if isinstance(value, Unknown):
            raise NotKnownYet
    return value


def present(properties: Properties, path: str) -> bool:
    """Whether there is a value at a dotted path. An unknown value counts, an empty one does not."""
    try:
        value = at(properties, path)
    except NotKnownYet:
        return True
    return value not in (None, "", [], {})


def every(properties: Properties, path: str) -> Sequence[Any]:
    """The members of the list at a dotted path; empty if there is no list."""
    members: list[Any] = list(at(properties, path) or ())
    if any(isinstance(each, Unknown) for each in members):
        raise NotKnownYet
    return members


def is_true(value: Any) -> bool:
    """Whether a boolean property is true. Some of them are strings."""
    return value is True or value == "true"


def open_to_all(cidrs: Sequence[str]) -> bool:
    """Whether one of `cidrs` is the Internet or a large part of it: shorter than /8."""
    return any(ipaddress.ip_network(cidr, strict=False).prefixlen < 8 for cidr in cidrs)
