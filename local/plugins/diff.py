"""The differences between two sets of inputs, by property path."""

from __future__ import annotations

import re
from enum import Enum
from typing import Any, Final

from local.plugins.values import Secret, Unknown

_SIMPLE_KEY: Final = re.compile(r"^[A-Za-z_$][\w$-]*$")
_MISSING: Final = object()


class Change(Enum):
    """How a property differs."""

    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


def changes(old: Any, new: Any) -> dict[str, Change]:
    """The Pulumi property paths (`spec.ports[0].port`) that differ. Secrets are compared by value.

    A value that is not known yet differs from every other.
    """
    differences: dict[str, Change] = {}
    _compare("", old, new, differences)
    return differences


def join(path: str, key: str) -> str:
    """`path` extended by a key, which is quoted if necessary (`labels["a.b/c"]`)."""
    if not _SIMPLE_KEY.match(key):
        escaped = key.replace("\\", "\\\\").replace('"', '\\"')
        return f'{path}["{escaped}"]'
    return f"{path}.{key}" if path else key


def split(path: str) -> list[str | int] | None:
    """The keys and indices of a property path, None if it is malformed."""
    keys: list[str | int] = []
    position = 0
    pattern = re.compile(r'\.?([^.\[\]"]+)|\[(\d+|\*)\]|\["((?:[^"\\]|\\.)*)"\]')
    while position < len(path):
        match = pattern.match(path, position)
        if match is None:
            return None
        plain, index, quoted = match.groups()
        if plain is not None:
            keys.append(plain)
        elif index is not None:
            keys.append(int(index) if index.isdigit() else index)
        else:
            keys.append(re.sub(r"\\(.)", r"\1", quoted))
        position = match.end()
    return keys


def _compare(path: str, old: Any, new: Any, found: dict[str, Change]) -> None:
    old = old.value if isinstance(old, Secret) else old
    new = new.value if isinstance(new, Secret) else new
    # An explicit null equals an absent property.
    old_absent = old is _MISSING or old is None
    new_absent = new is _MISSING or new is None
    if old_absent or new_absent:
        if not new_absent:
            found[path] = Change.ADD
        elif not old_absent:
            found[path] = Change.DELETE
    elif isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            _compare(join(path, key), old.get(key, _MISSING), new.get(key, _MISSING), found)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            _compare(
                f"{path}[{index}]",
                old[index] if index < len(old) else _MISSING,
                new[index] if index < len(new) else _MISSING,
                found,
            )
    elif isinstance(new, Unknown) or isinstance(old, Unknown) or not same(old, new):
        found[path] = Change.UPDATE


def same(left: Any, right: Any) -> bool:
    """Whether two plain values are equal; `1` and `1.0` are, `1` and `True` are not."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)
