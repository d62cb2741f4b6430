"""`Versions`: which of the versions in a model's directory are served."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from components.config.options import Options, mistake

#: What a version's number can be: a directory's name, read as a signed 64-bit integer.
Version = Annotated[int, Field(ge=0, lt=2**63)]
MOST = 100


class Versions(Options):
    """The newest `latest` ones, the `specific` ones, or all where it says neither."""

    latest: int | None = None
    specific: tuple[int, ...] = ()


def _versions(raw: Any) -> Any:
    expected = "`{latest: 2}`, `{specific: [1, 2]}` or `all`"
    if raw == "all":
        return {}
    if isinstance(raw, int) and not isinstance(raw, bool):
        raise mistake(expected, f"write `{{specific: [{raw}]}}`, or `{{latest: {raw}}}` for newest")
    if isinstance(raw, list):
        numbers = raw if raw and all(_is_number(each, 0, 2**63 - 1) for each in raw) else "[1, 2]"
        raise mistake(expected, f"write `{{specific: {numbers}}}`")
    if not isinstance(raw, dict) or not raw:
        raise mistake(expected, "write one of these")
    if {"latest", "specific"} <= raw.keys():
        raise mistake(expected, "take one of the two out")
    if "latest" in raw and not _is_number(raw["latest"], 1, MOST):
        raise mistake(
            f"`latest`, a number of versions from 1 to {MOST}", "write `{latest: 1}` for the newest"
        )
    if "specific" in raw:
        numbers = raw["specific"]
        wanted = "`specific`, a list of version numbers, each once, such as `[1, 2]`"
        if not isinstance(numbers, list) or not numbers:
            raise mistake(wanted, "write the names of the versions' directories")
        if not all(_is_number(number, 0, 2**63 - 1) for number in numbers):
            raise mistake(
                wanted, "a version's directory is named by a whole number, without quotes"
            )
        if len(set(numbers)) < len(numbers):
            raise mistake(wanted, f"write `{sorted(set(numbers))}`")
        return {"specific": tuple(numbers)}
    return raw


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
