"""Prepares the inputs that the program sends, before they are checked."""

from __future__ import annotations

import contextlib
import json
import random
from typing import Final

from local.clouds.sdk import Properties as Types
from local.clouds.sdk import Resource
from local.plugins.values import Properties, Secret, reveal

#: The inputs that the plugins fill with a generated name.
_NAMES: Final = ("name", "nodeGroupName", "accountId")
_RANDOM_LENGTH: Final = 7


def plain_settings(accepted: Types, inputs: Properties) -> Properties:
    """A provider's settings, parsed: values that are not strings arrive as JSON strings."""
    settings: Properties = {}
    for key, value in inputs.items():
        inner = value.value if isinstance(value, Secret) else value
        if isinstance(inner, str) and key in accepted and accepted[key].type.kind != "string":
            with contextlib.suppress(ValueError):  # the check reports a wrong type
                inner = json.loads(inner)
        if key != "version" and not key.startswith("__"):
            settings[key] = inner
    return settings


def own(properties: Properties) -> Properties:
    """`properties` without those that the engine and the plugin add."""
    return {key: value for key, value in properties.items() if not key.startswith("__")}


def give_name(
    resource: Resource, inputs: Properties, old: Properties, urn: str, seed: bytes
) -> None:
    """Adds a name to `inputs` if it has none: the resource's Pulumi name and seven random digits, as
    the real plugins do."""
    for key in _NAMES:
        known = resource.inputs.get(key)
        if known is None or known.required or inputs.get(key) is not None:
            continue
        if key in (old.get("__defaults") or []) and old.get(key):
            inputs[key] = old[key]
        else:
            digits = random.Random(seed or urn).choices("0123456789abcdef", k=_RANDOM_LENGTH)
            inputs[key] = f"{urn.rpartition('::')[2]}-{''.join(digits)}"
        inputs["__defaults"] = sorted({*(inputs.get("__defaults") or []), key})


def keeps_name(old: Properties, new: Properties) -> bool:
    """Whether a replacement has the same name as the old resource, set by the program."""
    generated = new.get("__defaults") or []
    return any(
        key in new and key not in generated and reveal(new[key]) == reveal(old.get(key))
        for key in _NAMES
    )
