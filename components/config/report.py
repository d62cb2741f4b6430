"""Mistakes in a stack file, as one text: key, value, what was expected and the fix."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from components.config.options import listed
from components.config.secrecy import HIDDEN, few_digits, plain, shown

#: Told of a key in place of its value.
UNKNOWN = "unknown"
_TYPES = {
    "string_type": ("text", "put the value in quotes"),
    "int_type": ("a whole number", "write a number without quotes"),
    "bool_type": ("true or false", "write `true` or `false` without quotes"),
    "dict_type": ("a map", "write `key: value` pairs"),
    "tuple_type": ("a list", "write `[first, second]`"),
    "list_type": ("a list", "write `[first, second]`"),
}


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """One mistake. `shown` is the value as told, in backticks, or what it is, without them; None
    where there is no value to tell."""

    path: str
    shown: str | None
    expected: str
    fix: str

    def __str__(self) -> str:
        value = "" if self.shown is None else f" is {self.shown}"
        return f"{self.path}{value}\n    expected {self.expected}\n    fix: {self.fix}"


def key_path(location: Sequence[int | str]) -> str:
    """`slipway:models.half_plus_two.source.claim`, as `pulumi config set --path` writes it."""
    parts = [part for part in location if part != "[key]"]
    text = f"slipway:{parts[0]}"
    for part in parts[1:]:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text


def mistakes(error: ValidationError, raw: dict[str, Any], keys: dict[int, Any]) -> list[Mistake]:
    """Pydantic's errors as mistakes. `keys` says which keys a map may have, by the map's id."""
    return [_mistake(details, raw, keys) for details in error.errors(include_url=False)]


def _mistake(details: ErrorDetails, raw: dict[str, Any], keys: dict[int, Any]) -> Mistake:
    kind, location = details["type"], details["loc"]
    context = details.get("ctx", {})
    # A mistyped `password` holds one too.
    mistyped = kind == "extra_forbidden" and location[:2] == ("images", "pull_secrets")
    hidden = location[0] == "secrets" or mistyped
    value: str | None = HIDDEN if hidden else context.get("shown") or shown(details["input"], keys)
    if kind == "mistake":
        expected, fix = context["expected"], context["fix"]
    elif kind == "missing":
        value, expected = None, "a value"
        fix = f"add the key `{location[-1]}`"
    elif kind == "extra_forbidden":
        allowed = keys.get(id(_parent(raw, location)), ())
        key = str(location[-1])
        if not misspelt(key, allowed) and not few_digits(details["input"]):
            value = UNKNOWN  # it may be anything; what is wrong is the key
        expected, fix = unknown_key(key, allowed)
    elif kind in _TYPES:
        expected, fix = _TYPES[kind]
    elif kind in ("greater_than_equal", "less_than_equal"):
        bound = context.get("ge", context.get("le"))
        side = "least" if "ge" in context else "most"
        expected, fix = f"a number of at {side} {bound}", f"write {bound}"
    elif kind == "literal_error":
        expected, fix = context["expected"], "choose one of these"
    else:
        expected, fix = details["msg"], "see the schema in schema/slipway.schema.json"
    return Mistake(path=key_path(location), shown=value, expected=expected, fix=fix)


def unknown_key(key: str, allowed: Iterable[str]) -> tuple[str, str]:
    """What was expected in place of an unknown key, and the fix."""
    names = sorted(allowed)
    if close := misspelt(key, names):
        fix = f"did you mean `{close}`?"
    else:
        fix = f"take `{key}` out" if plain(key) else "take it out"
    return f"one of the keys {listed(names)}", fix


def misspelt(key: str, allowed: Iterable[str]) -> str | None:
    """The key of `allowed` that an unknown `key` seems to be."""
    return next(iter(difflib.get_close_matches(key, sorted(allowed), n=1)), None)


def _parent(raw: Any, location: Sequence[int | str]) -> Any:
    for part in location[:-1]:
        raw = raw[part]
    return raw
