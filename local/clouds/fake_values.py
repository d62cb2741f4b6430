"""Fake outputs of resources and functions: from the cloud's templates, or else by type and name."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from local.clouds.sdk import Properties, Sdk, Type
from local.plugins.values import UNKNOWN, Unknown

#: The value of all dates and times. It is constant, so that a second `up` sees no change.
MOMENT: Final = "2026-01-01T00:00:00Z"


@dataclass(frozen=True)
class Kind:
    """The ID of a resource type, and those of its outputs that other resources read. Both are
    templates of `str.format`: `{name}` `{id}` `{region}` `{location}` `{project}` `{account}` `{hex8}` `{hex17}`
    `{hex32}` `{uuid}` `{number}` `{api_url}` `{api_host}` `{api_ca}`, and `{of[<input>]}`."""

    id: str
    outputs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Facts:
    """Values for templates that do not come from the resource itself."""

    region: str
    project: str
    account: str
    api: Mapping[str, str]
    authenticated: bool = True
    """Whether there are credentials, and thus an account."""


def identifier(kind: Kind | None, facts: Facts, inputs: Mapping[str, Any], stamp: str) -> str:
    """The ID of a new resource. Without a kind it is the resource's name, or digits."""
    template = kind.id if kind else ("{name}" if inputs.get("name") else "{hex17}")
    return str(_filled(template, _words(facts, inputs, stamp)))


def outputs(
    sdk: Sdk,
    types: Properties,
    kind: Kind | None,
    facts: Facts,
    inputs: Mapping[str, Any],
    stamp: str,
    resource_id: str | None,
) -> dict[str, Any]:
    """All outputs of a resource. If `resource_id` is None, those that only its creation determines
    are unknown."""
    known_outputs: dict[str, Any] = {
        name: value for name, value in inputs.items() if not name.startswith("__")
    }
    templates = kind.outputs if kind else {}
    if resource_id is None:
        known_outputs = _merged(known_outputs, _unknown(templates))
    else:
        words = _words(facts, inputs, stamp) | {"id": resource_id}
        known_outputs = _merged(known_outputs, _filled(templates, words))
    return _completed(sdk, types, known_outputs, stamp if resource_id else None)


def kept(old: Any, new: Any) -> Any:
    """`new`, with values of `old` in place of unknown ones: an update changes no ID."""
    if isinstance(new, Unknown):
        return new if old is None else old
    if isinstance(new, dict) and isinstance(old, dict):
        return {key: kept(old.get(key), value) for key, value in new.items()}
    if isinstance(new, list) and isinstance(old, list) and len(new) == len(old):
        return [kept(before, value) for before, value in zip(old, new, strict=True)]
    return new


def result(
    sdk: Sdk, types: Properties, arguments: Mapping[str, Any], answer: Mapping[str, Any]
) -> dict[str, Any]:
    """A function's whole result: the cloud's `answer`, the arguments, and fake values for the
    rest."""
    stamp = hashlib.sha256(repr(sorted(arguments.items())).encode()).hexdigest()
    known = {name: arguments[name] for name in types if arguments.get(name) is not None}
    return _completed(sdk, types, known | dict(answer), stamp)


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
        "of": _Inputs(inputs),
        **{f"api_{key}": value for key, value in facts.api.items()},
    }


class _Inputs(dict[str, Any]):
    """Inputs for templates: a missing one is empty."""

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


def _merged(inputs: Any, outputs: Any) -> Any:
    """`outputs`, overridden by `inputs`. The only item of a list in `outputs` applies to each item
    of the list in `inputs`."""
    if isinstance(inputs, list) and isinstance(outputs, list) and len(outputs) == 1:
        return [_merged(each, outputs[0]) for each in inputs]
    if isinstance(inputs, dict) and isinstance(outputs, dict):
        return {
            **inputs,
            **{key: _merged(inputs.get(key), value) for key, value in outputs.items()},
        }
    return outputs if inputs is None else inputs


def _completed(
    sdk: Sdk, types: Properties, known: dict[str, Any], stamp: str | None
) -> dict[str, Any]:
    """`known`, with the required properties that it lacks: fake ones, or unknown ones without a
    `stamp`."""
    for name, each in types.items():
        if known.get(name) is not None:
            known[name] = _inside(sdk, each.type, known[name], stamp)
        elif each.required:
            known[name] = UNKNOWN if stamp is None else _of_type(sdk, each.type, name, stamp)
    return known


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
