"""A rule: plain data and a predicate over a resource's properties, as the engine hands them."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Properties = Mapping[str, Any]


class Unknown:
    """A value that is not known before another resource is there."""


UNKNOWN = Unknown()


class NotKnownYet(Exception):
    """The answer depends on a value that a preview does not know."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What a resource of one of `types` has to be. `demands` says it in one sentence, `holds`
    decides. A rule that says why it is `opt_in` is asked only where a user turns it on."""

    id: str
    types: tuple[str, ...]
    demands: str
    holds: Callable[[Properties], bool]
    opt_in: str = ""

    def broken(self, properties: Properties) -> bool:
        """Whether `properties` break the rule; what is not known yet does not."""
        try:
            return not self.holds(properties)
        except NotKnownYet:
            return False


def at(properties: Properties, path: str) -> Any:
    """The value at a dotted path, None where there is none.

    Raises `NotKnownYet` where it, or what it is in, is not known.
    """
    value: Any = properties
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
        if isinstance(value, Unknown):
            raise NotKnownYet
    return value


def present(properties: Properties, path: str) -> bool:
    """Whether anything is at a dotted path: a value that is not known is, an empty one is not."""
    try:
        value = at(properties, path)
    except NotKnownYet:
        return True
    return value not in (None, "", [], {})


def every(properties: Properties, path: str) -> Sequence[Any]:
    """The members of the list at a dotted path; none where there is no list."""
    members: list[Any] = list(at(properties, path) or ())
    if any(isinstance(each, Unknown) for each in members):
        raise NotKnownYet
    return members


def is_true(value: Any) -> bool:
    """Some properties that mean yes or no are strings."""
    return value is True or value == "true"


def open_to_all(cidrs: Sequence[str]) -> bool:
    """Whether one of `cidrs` is the internet, or so much of it that two such ranges are."""
    return any(ipaddress.ip_network(cidr, strict=False).prefixlen < 8 for cidr in cidrs)
