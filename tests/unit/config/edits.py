"""Changes of a stack file at a location."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import yaml

StackFile = dict[str, Any]
Location = tuple[str | int, ...]
#: Stands for the value of a key that the stack file does not have.
ABSENT = object()


def located(path: str, config: StackFile) -> Location:
    """The keys that lead to `path`, the last of which may not be there."""
    rest = path.removeprefix("slipway:")
    if path != f"slipway:{rest}":
        return (path,)
    found: list[str | int] = []
    value: Any = config
    while rest:
        if isinstance(value, list):
            match = re.match(r"\[(\d+)\]\.?", rest)
            assert match, (path, rest)
            key: str | int = int(match[1])
            rest = rest[match.end() :]
            value = value[key]
        else:
            if not isinstance(value, dict):  # a bare kind in place of its map
                value = {}
            # Keys may hold dots themselves.
            known = [each for each in value if re.match(rf"{re.escape(each)}(\.|\[|$)", rest)]
            key = max(known, key=len) if known else rest.partition(".")[0]
            rest = rest[len(key) :].removeprefix(".")
            value = value.get(key, {})
        found.append(key)
    return tuple(found)


def get(config: StackFile, at: Sequence[str | int]) -> Any:
    """The value at `at`, or `ABSENT`."""
    value: Any = config
    for key in at:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return ABSENT
    return value


def put(config: StackFile, at: Location, value: Any) -> None:
    """Write `value` at `at`."""
    parent: Any = config
    for key in at[:-1]:
        if isinstance(parent, dict) and not isinstance(parent.setdefault(key, {}), dict | list):
            parent[key] = {"kind": parent[key]}  # a bare kind becomes a map of it
        parent = parent[key]
    parent[at[-1]] = value


def delete(config: StackFile, at: Location) -> None:
    """Delete the key at `at`."""
    del get(config, at[:-1])[at[-1]]


def take(config: StackFile, at: Location, token: str) -> None:
    """Take `token` out: an entry or a key of the value at `at`, that key itself, or one beside it."""
    value = get(config, at)
    if isinstance(value, list) and at[-1] != token:
        value.remove(token if token in value else yaml.safe_load(token))
    elif isinstance(value, dict) and token in value and at[-1] != token:
        del value[token]
    else:
        delete(config, at if token == at[-1] else (*at[:-1], *token.split(".")))


def rename(config: StackFile, at: Location, name: str) -> None:
    """Write another key at `at`, in the same place."""
    parent = get(config, at[:-1])
    entries = [(name if key == at[-1] else key, value) for key, value in parent.items()]
    parent.clear()
    parent.update(entries)
