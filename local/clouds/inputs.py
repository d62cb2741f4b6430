"""What comes from the program, before it is looked at."""

from __future__ import annotations

import contextlib
import json
import random
from typing import Final

from local.clouds.sdk import Properties as Types
from local.clouds.sdk import Resource
from local.plugins.values import Properties, Secret, reveal

#: What the plugins name a resource by where the program does not.
_NAMES: Final = ("name", "nodeGroupName", "accountId")
_RANDOM_LENGTH: Final = 7


def plain_settings(accepted: Types, given: Properties) -> Properties:
    """A provider's settings: what is no string comes as JSON in one."""
    found: Properties = {}
    for key, value in given.items():
        inner = value.value if isinstance(value, Secret) else value
        if isinstance(inner, str) and key in accepted and accepted[key].type.kind != "string":
            with contextlib.suppress(ValueError):  # it is told as a wrong type
                inner = json.loads(inner)
        if key != "version" and not key.startswith("__"):
            found[key] = inner
    return found


def own(properties: Properties) -> Properties:
    """Without what the engine and the plugin keep for themselves."""
    return {key: value for key, value in properties.items() if not key.startswith("__")}


def give_name(
    resource: Resource, given: Properties, old: Properties, urn: str, seed: bytes
) -> None:
    """A name where there is none: the resource's own and seven random digits, as the SDKs' plugins
    do it."""
    for key in _NAMES:
        known = resource.inputs.get(key)
        if known is None or known.required or given.get(key) is not None:
            continue
        if key in (old.get("__defaults") or []) and old.get(key):
            given[key] = old[key]
        else:
            digits = random.Random(seed or urn).choices("0123456789abcdef", k=_RANDOM_LENGTH)
            given[key] = f"{urn.rpartition('::')[2]}-{''.join(digits)}"
        given["__defaults"] = sorted({*(given.get("__defaults") or []), key})


def keeps_name(old: Properties, new: Properties) -> bool:
    """Whether what replaces a resource has its name because the program says so."""
    given = new.get("__defaults") or []
    return any(
        key in new and key not in given and reveal(new[key]) == reveal(old.get(key))
        for key in _NAMES
    )
