"""Amounts of bytes and of CPU in a stack file, as Kubernetes writes them."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from components.config.options import listed, mistake

_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
_DECIMAL = {"k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_BYTES_PATTERN = rf"^[1-9][0-9]{{0,17}}(\.[0-9]{{1,17}})?({'|'.join(_BINARY | _DECIMAL)})$"
#: The largest amount that Kubernetes stores.
_MOST_BYTES = 2**63 - 1
_CPU = r"[1-9][0-9]*m|[0-9]+(\.[0-9]{1,3})?"
_NUMBER = re.compile(r"([+-]?(?:[0-9]{1,17}(?:\.[0-9]{0,17})?|\.[0-9]{1,17}))\s*(.*)")


def byte_count(quantity: str) -> int:
    """Bytes in a Kubernetes quantity such as `64Mi` or `1G`."""
    units = _BINARY | _DECIMAL
    unit = quantity.lstrip("0123456789.")
    return int(float(quantity.removesuffix(unit)) * units[unit])


def cores(cpu: str) -> float:
    """CPU cores in a quantity such as `500m` or `1`."""
    return float(cpu.removesuffix("m")) / (1000 if cpu.endswith("m") else 1)


def amount(
    least: str | None = None, most: str | None = None
) -> tuple[BeforeValidator, WithJsonSchema]:
    """Annotations of an amount of bytes, within the bounds `least` and `most` if they are given.

    `Annotated[str, *amount("1Mi", "2047Mi")]`
    """
    low = byte_count(least) if least else 1
    high = byte_count(most) if most else _MOST_BYTES
    limits = (f"from `{least}`" if least else "") + (f" to `{most}`" if most else "")
    expected = f"an amount of bytes {limits or 'with a unit, such as `512Mi` or `1Gi`'}"

    def fits(text: str) -> bool:
        return bool(re.search(_BYTES_PATTERN, text)) and low <= byte_count(text) <= high

    def validate(raw: Any) -> Any:
        if isinstance(raw, str) and fits(raw):
            return raw
        raise mistake(expected, _fix(raw))

    def _fix(raw: Any) -> str:
        match = None if isinstance(raw, bool) else _NUMBER.fullmatch(str(raw).strip())
        if match is None:
            return _UNITS_ARE
        number, unit = float(match[1]), match[2]
        if not unit and number >= 2**20:  # a number of bytes
            number, unit = number / 2**20, "Mi"
        whole = [f"{number:g}{each}" for each in ("Mi", "Gi")]
        if not unit and any(map(fits, whole)):
            return f"add the unit: {listed(filter(fits, whole))}"
        text, size = _known(number, unit or "Mi")
        if not text:
            return _UNITS_ARE
        if size < low or number <= 0:
            return f"write `{least or '1Mi'}`"
        if size > high:
            return f"write `{most or '1Ti'}`"
        return f"did you mean `{text}`?"

    description = f"Bytes {limits}" if limits else "Bytes with a unit: 512Mi, 1Gi"
    schema = {"type": "string", "description": description, "pattern": _BYTES_PATTERN}
    return BeforeValidator(validate), WithJsonSchema(schema)


_UNITS_ARE = "write a number and a unit: Ki, Mi, Gi, Ti (powers of 1024), k, M, G or T"


def _known(number: float, unit: str) -> tuple[str, float]:
    """The amount in a unit of Kubernetes in which it is at least 1, and the same in bytes: `512Mi`
    for 0.5 `GB`. The text is empty if `unit` is not known."""
    for units, step in ((_DECIMAL, 1000), (_BINARY, 1024)):
        names = list(units)
        known = unit if unit in units else f"{unit[:1].upper()}i"
        if known not in units:
            continue
        at, size = names.index(known), number * units[known]
        while number < 1 and at:
            number, at = round(number * step) or number * step, at - 1
        number = max(number, 1)
        return f"{number:.3f}".rstrip("0").rstrip(".") + names[at], size
    return "", 0


def _cpu(raw: Any) -> Any:
    expected = "CPU cores such as `1` or `0.5`, or thousandths of one such as `500m`"
    if isinstance(raw, int | float) and not isinstance(raw, bool) and 0 < raw < math.inf:
        return _plain(raw)
    if isinstance(raw, str) and re.fullmatch(_CPU, raw) and raw.strip("0."):
        return raw
    number = _NUMBER.match(str(raw).strip()) if isinstance(raw, int | float | str) else None
    if number is None or isinstance(raw, bool):
        raise mistake(expected, "write a number without a word")
    if float(number[1]) <= 0:
        raise mistake(expected, "leave it out for the default: a container needs more than none")
    raise mistake(expected, f"did you mean `{_plain(float(number[1]))}`?")


def _plain(number: float) -> str:
    """`number` with three decimals: a thousandth of a core is the least that Kubernetes can allot."""
    return f"{max(number, 0.001):.3f}".rstrip("0").rstrip(".")


Bytes = Annotated[str, *amount()]
Cpu = Annotated[
    str,
    BeforeValidator(_cpu),
    WithJsonSchema({"type": ["string", "number"], "description": "CPU cores: 1, 0.5, 500m"}),
]
