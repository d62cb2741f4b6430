"""`Versions`: which of the versions in a model's directory are served."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from components.config.options import Options, listed, mistake

_LAST = 2**63 - 1
#: A version's number. It is a directory's name, which servers read as a signed 64-bit integer.
Version = Annotated[int, Field(ge=0, le=_LAST)]
MOST = 100
_NEWEST = "write `{latest: 1}` for the newest, or `all`"
_DIRECTORIES = "write the numbers that the versions' directories are named by, or `all`"


class Versions(Options):
    """The newest `latest` versions, or the `specific` ones, or all if both are left out."""

    latest: int | None = None
    specific: tuple[int, ...] = ()


def _versions(raw: Any) -> Any:
    expected = "`{latest: 2}`, `{specific: [1, 2]}` or `all`"
    if raw == "all":
        return {}
    if not isinstance(raw, dict):
        numbers = _numbers(raw if isinstance(raw, list) else [raw])
        ways = [f"{{specific: {numbers}}}"] if numbers else []
        if len(numbers) == 1 and numbers[0] <= MOST and not isinstance(raw, list):
            ways.append(f"{{latest: {numbers[0]}}}")
        raise mistake(expected, f"write {listed(ways)}" if ways else _NEWEST)
    if not raw:
        raise mistake(expected, _NEWEST)
    if {"latest", "specific"} <= raw.keys():
        raise mistake(expected, "take `latest` out, or take `specific` out")
    if "latest" in raw and not _is_number(raw["latest"], 1, MOST):
        raise mistake(f"`latest`, a number of versions from 1 to {MOST}", _NEWEST)
    if "specific" in raw:
        numbers = raw["specific"]
        wanted = "`specific`, a list of version numbers, each once, such as `[1, 2]`"
        listed_once = isinstance(numbers, list) and len(set(map(str, numbers))) == len(numbers)
        if not listed_once or not numbers or not all(_is_number(n, 0, _LAST) for n in numbers):
            meant = _numbers(numbers if isinstance(numbers, list) else [numbers])
            fix = f"write `{{specific: {meant}}}`" if meant else _DIRECTORIES
            raise mistake(wanted, fix)
        return {"specific": tuple(numbers)}
    return raw


def _numbers(raw: list[Any]) -> list[int]:
    """The numbers in `raw` without quotes, each once, sorted; empty if any of them is not a version."""
    found = [int(each) if re.fullmatch("[0-9]{1,19}", str(each)) else each for each in raw]
    return sorted(set(found)) if all(_is_number(each, 1, _LAST) for each in found) else []


def _is_number(raw: Any, least: int, most: int) -> bool:
    return isinstance(raw, int) and not isinstance(raw, bool) and least <= raw <= most


def _one(key: str, value: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {key: value},
        "required": [key],
        "additionalProperties": False,
    }


#: Written `{latest: n}`, `{specific: [..]}` or `all`.
VersionPolicy = Annotated[
    Versions,
    BeforeValidator(_versions),
    WithJsonSchema(
        {
            "oneOf": [
                {"const": "all"},
                _one("latest", {"type": "integer", "minimum": 1, "maximum": MOST}),
                _one(
                    "specific",
                    {
                        "type": "array",
                        "items": {"type": "integer", "minimum": 0},
                        "minItems": 1,
                        "uniqueItems": True,
                    },
                ),
            ],
        }
    ),
]
