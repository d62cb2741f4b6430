"""Fixes of mistakes that pydantic finds by itself. Each fix is validated before it is offered."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from pydantic_core import ErrorDetails

from components.config.mistakes import Location
from components.config.options import listed
from components.config.secret_scan import plain

#: The errors of a stack file at a location and below it, in the form of pydantic's.
Validate = Callable[[dict[str, Any], Location], list[ErrorDetails]]
#: Other ways to write true and false.
_TRUTHS = {True: ("true", "yes", "on", "y", "1"), False: ("false", "no", "off", "n", "0")}


class Trial:
    """Validates a stack file with another value at `location`."""

    def __init__(
        self, raw: dict[str, Any], location: Sequence[int | str], validate: Validate
    ) -> None:
        self._raw, self._validate = raw, validate
        self.location = tuple(location)

    def of_value(self, value: Any) -> list[ErrorDetails]:
        """The errors at the location and below it with `value` there."""
        return self._errors(_changed(self._raw, self.location, lambda _: value), self.location)

    def of_key(self, key: str) -> bool:
        """Whether the value is valid under the key `key`."""
        *parents, old = self.location

        def rename(parent: dict[str, Any]) -> dict[str, Any]:
            return {key if each == old else each: value for each, value in parent.items()}

        renamed = _changed(self._raw, parents, rename)
        return not self._errors(renamed, (*parents, key))

    def _errors(self, raw: Any, location: Sequence[int | str]) -> list[ErrorDetails]:
        return self._validate(raw, tuple(location))


def _changed(raw: Any, location: Sequence[int | str], change: Callable[[Any], Any]) -> Any:
    """`raw` with the value at `location` replaced by `change` of it. Other values are not copied."""
    if not location:
        return change(raw)
    key, *rest = location
    copied = list(raw) if isinstance(raw, list) else dict(raw)
    copied[key] = _changed(raw[key] if isinstance(raw, list) else raw.get(key), rest, change)  # type: ignore[index]
    return copied


def unknown_key(
    key: str, allowed: Iterable[str], siblings: Iterable[str], fits: Callable[[str], bool]
) -> tuple[str, str]:
    """What was expected in place of an unknown key, and the fix. `siblings` are all keys of its map;
    `fits` decides whether its value is valid under another key."""
    names = sorted(allowed)
    close = [each for each in difflib.get_close_matches(key, names) if each not in {*siblings}]
    meant = next(filter(fits, close), None)
    away = f"take `{key}` out" if plain(key) else "take it out"
    fix = f"did you mean `{meant}`?" if meant else away
    return f"one of the keys {listed(names)}", fix


def misspelt(key: str, allowed: Iterable[str]) -> str | None:
    """The key of `allowed` that `key` is probably a misspelling of."""
    return next(iter(difflib.get_close_matches(key, sorted(allowed), n=1)), None)


def of_type(kind: str, value: Any, trial: Trial) -> tuple[str | None, ErrorDetails | None]:
    """The fix of a value that is not of the type `kind`, None if no accepted spelling is known; and
    the error that remains in the value once it has that type."""
    fixes, found = [], None
    for meant, fix in _meant(kind, value):
        errors = trial.of_value(meant)
        if not errors:
            fixes.append(fix)
        elif found is None:
            found = next((each for each in errors if each["loc"] == trial.location), None)
    return " or ".join(fixes) or None, found


def one_of(options: Sequence[str], value: Any, trial: Trial) -> str:
    """The fix of a value that is not one of `options`."""
    near = [each for each in options if str(value).upper().startswith(each.upper())]
    near = near or difflib.get_close_matches(str(value), options, n=1)
    taken = [option for option in near or options if not trial.of_value(option)]
    return f"write {listed(taken)}" if taken else "choose one of these"


def _meant(kind: str, value: Any) -> Iterator[tuple[Any, str]]:
    """The values of the type `kind` that `value` may mean, each with the fix."""
    if kind == "string_type" and isinstance(value, int | float):
        yield json.dumps(value), "put the value in quotes"
    elif kind == "int_type" and re.fullmatch(r"-?[0-9]{1,15}(\.0)?", str(value)):
        number = int(float(value))
        yield number, "take the quotes off" if isinstance(value, str) else f"write `{number}`"
    elif kind == "bool_type":
        word = str(value).lower()
        for meant in (True, False):
            if word in _TRUTHS[meant] or word not in {*_TRUTHS[True], *_TRUTHS[False]}:
                yield meant, f"write `{str(meant).lower()}`"
    elif kind in ("tuple_type", "list_type") and isinstance(value, str | int | float):
        yield [value], "put it in square brackets"
