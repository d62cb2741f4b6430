"""Checks inputs against the types of the SDK; reports path and reason of each wrong one."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, Final

from local.clouds.sdk import Properties, Sdk, Type
from local.plugins.diff import join
from local.plugins.values import Secret, Unknown

Failure = tuple[str, str]
#: Kind of a scalar type → the Python types of its values.
_SCALARS: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
}


def failures(sdk: Sdk, accepted: Properties, inputs: Mapping[str, Any]) -> list[Failure]:
    """What is wrong with `inputs`. Unknown values are accepted."""
    return _object(sdk, accepted, inputs, "")


def _object(sdk: Sdk, accepted: Properties, inputs: Mapping[str, Any], path: str) -> list[Failure]:
    wrong: list[Failure] = []
    for name, value in inputs.items():
        if name.startswith("__"):  # properties of the engine and the SDK
            continue
        if name not in accepted:
            near = difflib.get_close_matches(name, accepted, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"expected {', '.join(accepted)}"
            wrong.append((join(path, name), f"is unknown: {hint}"))
        else:
            wrong += _value(sdk, accepted[name].type, value, join(path, name))
    missing = [
        name
        for name, each in accepted.items()
        if each.required and (inputs.get(name) is None or name not in inputs)
    ]
    return wrong + [(join(path, name), "is required") for name in missing]


def _value(sdk: Sdk, wanted: Type, value: Any, path: str) -> list[Failure]:
    if isinstance(value, Secret):
        value = value.value
    if value is None or isinstance(value, Unknown) or wanted.kind == "any":
        return []
    if wanted.kind == "union":
        tried = [_value(sdk, member, value, path) for member in wanted.inner]
        return [] if [] in tried else tried[0]
    if wanted.kind == "object" and isinstance(value, dict):
        return _object(sdk, sdk.fields(wanted), value, path)
    if wanted.kind == "list" and isinstance(value, list):
        return [
            failure
            for index, item in enumerate(value)
            for failure in _value(sdk, wanted.inner[0], item, f"{path}[{index}]")
        ]
    if wanted.kind == "map" and isinstance(value, dict):
        return [
            failure
            for key, item in value.items()
            for failure in _value(sdk, wanted.inner[0], item, join(path, key))
        ]
    if type(value) in _SCALARS.get(wanted.kind, ()):
        return []
    return [(path, f"is {_shown(value)}: expected {_article(wanted.kind)}")]


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "an object"
    return "a list" if isinstance(value, list) else repr(value)


def _article(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
