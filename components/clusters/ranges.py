"""Address ranges and zones of a cluster's network, and which ones to write in place of wrong ones."""

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
#: Addresses that Services can have where others are taken.
SERVICE_RANGES = ("172.20.0.0/16", "10.100.0.0/16", "192.168.0.0/16", "10.200.0.0/16")


def ip_range(
    usual: str, longest: int, shortest: int = 8, within: tuple[str, ...] = _PRIVATE
) -> tuple[BeforeValidator, WithJsonSchema]:
    """Annotations of an IPv4 range in one of `within`, whose prefix is of `shortest` to `longest`
    bits; `usual` is offered for what is none.

    `Annotated[str, *ip_range("10.0.0.0/16", 20)]`
    """
    kind = "a private IPv4 range" if within == _PRIVATE else "an IPv4 range"

    def fits(text: str) -> bool:
        found = ipaddress.ip_network(text)
        return shortest <= found.prefixlen <= longest and any(
            found.version == 4 and found.subnet_of(ipaddress.IPv4Network(each)) for each in within
        )

    def validate(raw: Any) -> Any:
        found = network(raw)
        if found and found == raw and fits(found):
            return raw
        wider = network(f"{found.partition('/')[0]}/{min(longest, 16)}") if found else None
        near = next((each for each in (found, wider) if each and fits(each)), usual)
        raise mistake(
            f"{kind} from /{shortest} to /{longest}, such as `{usual}`", f"write `{near}`"
        )

    schema = {"type": "string", "description": f"{kind.capitalize()}: {usual}"}
    return BeforeValidator(validate), WithJsonSchema(schema)


def apart(key: str, choices: Iterable[str], *taken: str) -> str:
    """The fix of a range that overlaps one of `taken`: what to write under `key`, the first of
    `choices` that does not."""
    others = [ipaddress.ip_network(each) for each in taken]
    for each in choices:
        if not any(ipaddress.ip_network(each).overlaps(other) for other in others):
            return f"write `{each}` in `{key}`"
    return "change one of the two"


def enough_zones(zones: Sequence[str], least: int, most: int) -> str | None:
    """`zones` as YAML, each once, at most `most`; with the next letters where they are less than
    `least`. None where they do not end in letters."""
    found = list(dict.fromkeys(zones))[:most]
    if not found or not re.fullmatch(r"[a-z]+-[a-z0-9-]*[a-z]", found[-1]):
        return None
    area, last = found[-1][:-1], ascii_lowercase.index(found[-1][-1])
    for letter in ascii_lowercase[last + 1 :] + ascii_lowercase[:last]:
        if len(found) < least and f"{area}{letter}" not in found:
            found.append(f"{area}{letter}")
    return f"[{', '.join(found)}]"
