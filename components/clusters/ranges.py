"""Checks of address ranges and zones, and the values that fixes propose for them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from string import ascii_lowercase
from typing import Any

from pydantic import BeforeValidator, WithJsonSchema

from components.config.options import mistake
from components.config.values import network

_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
#: Ranges to propose for Services, in this order.
SERVICE_RANGES = ("172.20.0.0/16", "10.100.0.0/16", "192.168.0.0/16", "10.200.0.0/16")


def ip_range(
    usual: str, longest: int, shortest: int = 8, within: tuple[str, ...] = _PRIVATE
) -> tuple[BeforeValidator, WithJsonSchema]:
    """Annotations of an option that holds an IPv4 range inside one of `within`, with a prefix of
    `shortest` to `longest` bits. The fix of a value that is no such range proposes `usual`.

    `Annotated[str, *ip_range("10.0.0.0/16", 20)]`
    """
    kind = "a private IPv4 range" if within == _PRIVATE else "an IPv4 range"

    def fits(text: str) -> bool:
        cidr = ipaddress.ip_network(text)
        return shortest <= cidr.prefixlen <= longest and any(
            cidr.version == 4 and cidr.subnet_of(ipaddress.IPv4Network(each)) for each in within
        )

    def validate(raw: Any) -> Any:
        cidr = network(raw)
        if cidr and cidr == raw and fits(cidr):
            return raw
        wider = network(f"{cidr.partition('/')[0]}/{min(longest, 16)}") if cidr else None
        near = next((each for each in (cidr, wider) if each and fits(each)), usual)
        raise mistake(
            f"{kind} from /{shortest} to /{longest}, such as `{usual}`", f"write `{near}`"
        )

    schema = {"type": "string", "description": f"{kind.capitalize()}: {usual}"}
    return BeforeValidator(validate), WithJsonSchema(schema)


def free_range_fix(key: str, choices: Iterable[str], *taken: str) -> str:
    """The fix of a range that overlaps one of `taken`: proposes for `key` the first of `choices`
    that overlaps none of them."""
    others = [ipaddress.ip_network(each) for each in taken]
    for each in choices:
        if not any(ipaddress.ip_network(each).overlaps(other) for other in others):
            return f"write `{each}` in `{key}`"
    return "change one of the two"


def enough_zones(zones: Sequence[str], least: int, most: int) -> str | None:
    """The fix of a list of zones, as YAML: `zones` without repetitions, cut off after `most` of
    them. If fewer than `least` remain, zones with the letters that follow are added. None if the
    last zone does not end in a letter."""
    unique = list(dict.fromkeys(zones))[:most]
    if not unique or not re.fullmatch(r"[a-z]+-[a-z0-9-]*[a-z]", unique[-1]):
        return None
    area, last = unique[-1][:-1], ascii_lowercase.index(unique[-1][-1])
    for letter in ascii_lowercase[last + 1 :] + ascii_lowercase[:last]:
        if len(unique) < least and f"{area}{letter}" not in unique:
            unique.append(f"{area}{letter}")
    return f"[{', '.join(unique)}]"
