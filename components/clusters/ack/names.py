"""Names of a stack's resources in Alibaba Cloud."""

from __future__ import annotations

import hashlib
import re

#: The longest name of a RAM role, in characters.
_LENGTH = 64
_DIGITS = 8


def cluster_name(stack: str) -> str:
    """The name of a stack's cluster, with which the stack's other names in the cloud begin. It has
    only lower-case letters, digits and dashes, since RAM policies and log projects allow no more."""
    return f"slipway-{re.sub(r'[^a-z0-9]+', '-', stack.lower()).strip('-')}"


def ram_name(cluster: str, *what: str) -> str:
    """The name of a RAM role or policy of a cluster, at most 64 characters."""
    name = "-".join((cluster, *what))
    if len(name) <= _LENGTH:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGITS]
    return f"{name[: _LENGTH - _DIGITS - 1]}-{digest}"
