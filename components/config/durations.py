"""Durations in a stack file: a whole number with a unit, such as `90s`."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Any

from pydantic import BeforeValidator, WithJsonSchema

from components.config.options import listed, mistake

#: Microseconds in each unit.
_UNITS = {"us": 1, "ms": 10**3, "s": 10**6, "m": 60 * 10**6, "h": 3600 * 10**6}
#: Other spellings, in lower case and without a plural's `s`.
_SPELLINGS = {
    "us": ("µs", "μs", "usec", "micro", "microsecond"),
    "ms": ("msec", "milli", "millisecond"),
    "s": ("sec", "second"),
    "m": ("min", "minute"),
    "h": ("hr", "hour"),
}
_NUMBER = re.compile(r"\s*([+-]?[0-9]{0,15}(?:\.[0-9]{0,15})?)\s*([^\W\d]*)\s*")


def microseconds(duration: str) -> int:
    """Microseconds in a duration such as `100us` or `90s`."""
    unit = duration.lstrip("0123456789")
    return int(duration.removesuffix(unit)) * _UNITS[unit]


def seconds(duration: str) -> int:
    """Whole seconds in a duration such as `90s` or `2m`, rounded up."""
    return -(-microseconds(duration) // _UNITS["s"])


def duration(least: str, most: str) -> tuple[BeforeValidator, WithJsonSchema]:
    """Annotations of a duration from `least` to `most`. The unit of `least` is the smallest that is
    valid. If `least` is zero, a bare 0 is valid too.

    `Annotated[str, *duration("1s", "1h")]`
    """
    low, high = microseconds(least), microseconds(most)
    finest = _UNITS[least.lstrip("0123456789")]
    units = [unit for unit, size in _UNITS.items() if finest <= size <= high]
    number = "[1-9][0-9]{0,14}" if low else "(0|[1-9][0-9]{0,14})"
    pattern = f"^{number}({'|'.join(units)})$"
    expected = f"a duration from `{least}` to `{most}`, in {listed(units)}"

    def fits(text: str) -> bool:
        return bool(re.search(pattern, text)) and low <= microseconds(text) <= high

    def validate(raw: Any) -> Any:
        if isinstance(raw, str) and fits(raw):
            return raw
        if not low and (raw == "0" or (raw == 0 and not isinstance(raw, bool))):
            return least
        raise mistake(expected, _fix(raw))

    def _fix(raw: Any) -> str:
        found, unit = _parsed(raw)
        if found is None:
            return "write a whole number and its unit"
        if not unit and found.denominator == 1:
            fitting = [text for each in units if fits(text := f"{found}{each}")]
            if fitting:
                return f"add the unit: {listed(fitting)}"
        wanted = found * _UNITS[unit or "s"]
        bounded = min(max(wanted, Fraction(low)), Fraction(high))
        return f"write `{_text(bounded, finest)}`"

    schema = {"type": "string", "description": f"Time: {least} to {most}", "pattern": pattern}
    return BeforeValidator(validate), WithJsonSchema(
        schema if low else {"oneOf": [schema, {"const": 0}]}
    )


def likely_microseconds(raw: Any) -> int | None:
    """The microseconds, rounded up, in what looks like a duration with a unit; None otherwise."""
    found, unit = _parsed(raw)
    return math.ceil(found * _UNITS[unit]) if found is not None and unit else None


def _parsed(raw: Any) -> tuple[Fraction | None, str]:
    """The number and the unit of a duration. The unit is empty if `raw` has none. The number is None
    if `raw` is not a duration."""
    match = None if isinstance(raw, bool) else _NUMBER.fullmatch(str(raw))
    unit = _unit(match[2]) if match and re.search("[0-9]", match[1]) else None
    if match is None or unit is None:
        return None, ""
    return Fraction(match[1].rstrip(".")), unit


def _unit(name: str) -> str | None:
    """The unit that `name` is a spelling of. It is empty if `name` is, and None if there is none."""
    name = name.lower()
    if not name or name in _UNITS:
        return name
    singular = name if name in ("us", "ms", "µs", "μs") else name.removesuffix("s")
    return next((unit for unit, others in _SPELLINGS.items() if singular in others), None)


def _text(wanted: Fraction, finest: int) -> str:
    """A number of microseconds in its largest unit, rounded up to a multiple of `finest`."""
    number = math.ceil(wanted / finest) * finest
    unit = max(
        (unit for unit, size in _UNITS.items() if number % size == 0 and size >= finest),
        key=lambda unit: _UNITS[unit] if number else -_UNITS[unit],
    )
    return f"{number // _UNITS[unit]}{unit}"
