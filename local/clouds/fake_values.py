"""Outputs that a resource would have: from its cloud's templates, the rest by type and name."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from local.clouds.sdk import Properties, Sdk, Type
from local.plugins.values import UNKNOWN, Unknown

#: One moment for everything that is dated: a second `up` must see no change.
MOMENT: Final = "2026-01-01T00:00:00Z"


@dataclass(frozen=True)
class Kind:
    """How one resource type is identified, and its outputs that others read. Both are templates of
    `str.format`: `{name}` `{id}` `{region}` `{location}` `{project}` `{account}` `{hex8}` `{hex17}`
    `{hex32}` `{uuid}` `{number}` `{api_url}` `{api_host}` `{api_ca}`, and `{of[<input>]}`."""

    id: str
    outputs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Facts:
    """What templates are filled with, beside the resource itself."""

    region: str
    project: str
    account: str
    api: Mapping[str, str]
    authenticated: bool = True
    """Whether there are credentials, and so an account that they are of."""


def identifier(kind: Kind | None, facts: Facts, inputs: Mapping[str, Any], stamp: str) -> str:
    """The id of a new resource; without a kind it is its name, or digits."""
    template = kind.id if kind else ("{name}" if inputs.get("name") else "{hex17}")
    return str(_filled(template, _words(facts, inputs, stamp)))


def outputs(
    sdk: Sdk,
    known: Properties,
    kind: Kind | None,
    facts: Facts,
    inputs: Mapping[str, Any],
    stamp: str,
    resource_id: str | None,
) -> dict[str, Any]:
    """Everything that the state keeps of a resource; what only its creation tells is unknown where
    `resource_id` is None."""
    made: dict[str, Any] = {
        name: value for name, value in inputs.items() if not name.startswith("__")
    }
    templates = kind.outputs if kind else {}
    if resource_id is None:
        made = _merged(made, _unknown(templates))
    else:
        words = _words(facts, inputs, stamp) | {"id": resource_id}
        made = _merged(made, _filled(templates, words))
    return _completed(sdk, known, made, stamp if resource_id else None)


def kept(old: Any, new: Any) -> Any:
    """`new` with what was known before where it is unknown: an update makes no other id."""
    if isinstance(new, Unknown):
        return new if old is None else old
    if isinstance(new, dict) and isinstance(old, dict):
        return {key: kept(old.get(key), value) for key, value in new.items()}
    if isinstance(new, list) and isinstance(old, list) and len(new) == len(old):
        return [kept(before, value) for before, value in zip(old, new, strict=True)]
    return new


def answer(
    sdk: Sdk, known: Properties, given: Mapping[str, Any], told: Mapping[str, Any]
) -> dict[str, Any]:
    """A function's result: what it is `told`, what it was given, and the rest made up."""
    stamp = hashlib.sha256(repr(sorted(given.items())).encode()).hexdigest()
    made = {name: given[name] for name in known if given.get(name) is not None} | dict(told)
    return _completed(sdk, known, made, stamp)


def _words(facts: Facts, inputs: Mapping[str, Any], stamp: str) -> dict[str, Any]:
    return {
        "name": inputs.get("name") or stamp[:7],
        "region": inputs.get("region") or facts.region,
        "project": inputs.get("project") or facts.project,
        "location": inputs.get("location") or inputs.get("zone") or facts.region,
        "account": facts.account,
        "hex8": stamp[:8],
        "hex17": stamp[:17],
        "hex32": stamp[:32],
        "uuid": str(uuid.UUID(stamp[:32])),
        "number": str(int(stamp[:12], 16)),
        "of": _Given(inputs),
        **{f"api_{key}": value for key, value in facts.api.items()},
    }


class _Given(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""


def _filled(template: Any, words: Mapping[str, Any]) -> Any:
    if isinstance(template, str):
        return template.format_map(words)
    if isinstance(template, dict):
        return {key: _filled(value, words) for key, value in template.items()}
    return [_filled(each, words) for each in template] if isinstance(template, list) else template


def _unknown(template: Any) -> Any:
    if isinstance(template, dict):
        return {key: _unknown(value) for key, value in template.items()}
    if isinstance(template, list):
        return [_unknown(each) for each in template]
    return UNKNOWN


def _merged(inputs: Any, told: Any) -> Any:
    """What was asked for stays as it was asked for; what is told of a list's one item is told of
    each."""
    if isinstance(inputs, list) and isinstance(told, list) and len(told) == 1:
        return [_merged(each, told[0]) for each in inputs]
    if isinstance(inputs, dict) and isinstance(told, dict):
        return {
            **inputs,
            **{key: _merged(inputs.get(key), value) for key, value in told.items()},
        }
    return told if inputs is None else inputs


def _completed(
    sdk: Sdk, known: Properties, made: dict[str, Any], stamp: str | None
) -> dict[str, Any]:
    """`made` with everything in it that is always there; unknown where there is no `stamp`."""
    for name, each in known.items():
        if made.get(name) is not None:
            made[name] = _inside(sdk, each.type, made[name], stamp)
        elif each.required:
            made[name] = UNKNOWN if stamp is None else _of_type(sdk, each.type, name, stamp)
    return made


def _inside(sdk: Sdk, wanted: Type, value: Any, stamp: str | None) -> Any:
    if wanted.kind == "object" and isinstance(value, dict):
        return _completed(sdk, sdk.fields(wanted), dict(value), stamp)
    if wanted.kind == "list" and isinstance(value, list):
        return [_inside(sdk, wanted.inner[0], each, stamp) for each in value]
    return value


def _of_type(sdk: Sdk, wanted: Type, name: str, stamp: str) -> Any:
    if wanted.kind == "object":
        return _completed(sdk, sdk.fields(wanted), {}, stamp)
    if wanted.kind == "union":
        return _of_type(sdk, wanted.inner[0], name, stamp)
    zeros: dict[str, Any] = {"boolean": False, "integer": 0, "number": 0.0, "list": [], "map": {}}
    if wanted.kind in zeros:
        return zeros[wanted.kind]
    lower = name.lower()
    if lower.endswith(("timestamp", "time", "date", "createdat", "updatedat", "modifiedat")):
        return MOMENT
    if lower.endswith(("ip", "ipaddress")):
        return f"198.18.{int(stamp[:2], 16)}.{int(stamp[2:4], 16)}"
    return f"{name}-{stamp[:8]}"
