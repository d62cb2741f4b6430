"""Turns pydantic's errors into mistakes: key, value, what was expected and the fix."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic_core import ErrorDetails

from components.config.mistakes import Location, Mistake, key_path
from components.config.secret_scan import HIDDEN, few_digits, shown
from components.config.trials import Trial, Validate, misspelt, of_type, one_of, unknown_key

#: Shown for an unknown key in place of its value.
UNKNOWN = "unknown"
_TYPES = {
    "string_type": ("text", "write one text value"),
    "int_type": ("a whole number", "write a number without quotes"),
    "bool_type": ("true or false", "write one of the two without quotes"),
    "dict_type": ("a map", "write keys and their values"),
    "tuple_type": ("a list", "write a list"),
    "list_type": ("a list", "write a list"),
}


def mistakes(
    errors: Iterable[ErrorDetails], raw: dict[str, Any], keys: dict[int, Any], validate: Validate
) -> list[Mistake]:
    """Pydantic's errors as mistakes. `keys` holds the keys that the options of a map have, by the
    map's id. `validate` returns the errors of a stack file to which a fix is applied."""
    return [_mistake(details, raw, keys, validate) for details in errors]


def _mistake(
    details: ErrorDetails, raw: dict[str, Any], keys: dict[int, Any], validate: Validate
) -> Mistake:
    trial = Trial(raw, details["loc"], validate)
    kind, location = details["type"], details["loc"]
    context = details.get("ctx", {})
    # The value of a misspelt `password` is a password too.
    mistyped = kind == "extra_forbidden" and location[:2] == ("images", "pull_secrets")
    hidden = location[0] == "secrets" or mistyped
    value: str | None = HIDDEN if hidden else context.get("shown") or shown(details["input"], keys)
    if kind == "mistake":
        expected, fix = context["expected"], context["fix"]
    elif kind == "missing":
        value, expected = None, "a value"
        fix = f"add the key `{location[-1]}`"
    elif kind == "extra_forbidden":
        siblings = _parent(raw, location)
        allowed = keys.get(id(siblings), ())
        key = str(location[-1])
        if not misspelt(key, allowed) and not few_digits(details["input"]):
            value = UNKNOWN  # it may be anything, and the mistake is in the key
        expected, fix = unknown_key(key, allowed, siblings, trial.of_key)
    elif kind in _TYPES:
        expected, fix = _TYPES[kind]
        accepted, otherwise = of_type(kind, details["input"], trial)
        if accepted:
            fix = accepted
        elif otherwise and (kind == "string_type" or otherwise["type"] != "mistake"):
            # The fix of the other error may be about another key and leave this value as it is.
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


def as_error(mistake: Mistake, location: Location) -> ErrorDetails:
    """A check's mistake in the form of pydantic's errors."""
    context = {"expected": mistake.expected, "fix": mistake.fix, "shown": mistake.shown}
    return {"type": "mistake", "loc": location, "msg": "", "input": None, "ctx": context}


def _parent(raw: Any, location: Sequence[int | str]) -> Any:
    for part in location[:-1]:
        raw = raw[part]
    return raw
