"""Mistakes in a stack file, as one text: key, value, what was expected and the fix."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import ErrorDetails

from components.config.secret_scan import HIDDEN, few_digits, shown
from components.config.trials import Trial, Validate, misspelt, of_type, one_of, unknown_key

#: Told of a key in place of its value.
UNKNOWN = "unknown"
_TYPES = {
    "string_type": ("text", "write one text value"),
    "int_type": ("a whole number", "write a number without quotes"),
    "bool_type": ("true or false", "write one of the two without quotes"),
    "dict_type": ("a map", "write keys and their values"),
    "tuple_type": ("a list", "write a list"),
    "list_type": ("a list", "write a list"),
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


def mistakes(
    errors: Iterable[ErrorDetails], raw: dict[str, Any], keys: dict[int, Any], validate: Validate
) -> list[Mistake]:
    """Pydantic's errors as mistakes. `keys` says which keys a map may have, by the map's id;
    `validate` what is wrong with a stack file that has a fix in it."""
    return [_mistake(details, raw, keys, validate) for details in errors]


def _mistake(
    details: ErrorDetails, raw: dict[str, Any], keys: dict[int, Any], validate: Validate
) -> Mistake:
    trial = Trial(raw, details["loc"], validate)
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
        beside = _parent(raw, location)
        allowed = keys.get(id(beside), ())
        key = str(location[-1])
        if not misspelt(key, allowed) and not few_digits(details["input"]):
            value = UNKNOWN  # it may be anything; what is wrong is the key
        expected, fix = unknown_key(key, allowed, beside, trial.of_key)
    elif kind in _TYPES:
        expected, fix = _TYPES[kind]
        accepted, otherwise = of_type(kind, details["input"], trial)
        if accepted:
            fix = accepted
        elif otherwise and (kind == "string_type" or otherwise["type"] != "mistake"):
            # A fix that changes what stands beside the value would leave the value as it is.
            better = _mistake(otherwise, raw, keys, validate)
            expected, fix = better.expected, better.fix
    elif kind in ("greater_than_equal", "less_than_equal"):
        bound = context.get("ge", context.get("le"))
        side = "least" if "ge" in context else "most"
        expected = f"a number of at {side} {bound}"
        fix = f"write a {'larger' if 'ge' in context else 'smaller'} number"
        if not trial.of_value(bound):
            fix = f"write `{bound}`"
    elif kind == "literal_error":
        expected = context["expected"]
        fix = one_of(re.findall("'([^']*)'", expected), details["input"], trial)
    else:
        expected, fix = details["msg"], "see the schema in schema/slipway.schema.json"
    return Mistake(path=key_path(location), shown=value, expected=expected, fix=fix)


def _parent(raw: Any, location: Sequence[int | str]) -> Any:
    for part in location[:-1]:
        raw = raw[part]
    return raw
