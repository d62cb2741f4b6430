"""Names: given by the program, by the engine's autonaming, or made here."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from local.plugins.kubernetes.annotations import AUTONAMED, is_true
from local.plugins.values import Secret, Unknown

_DIGITS = 8


def name_of(value: dict[str, Any]) -> str | None:
    """The name in inputs or of an object; None when there is none or it is not known yet."""
    name = _metadata(value).get("name")
    name = name.value if isinstance(name, Secret) else name
    return name if isinstance(name, str) and name else None


def is_named(value: dict[str, Any]) -> bool:
    """Whether the program gives a name, be it one that is not known yet."""
    metadata = value.get("metadata")
    if isinstance(metadata, Unknown):
        return True
    return isinstance(_metadata(value).get("name"), Unknown) or name_of(value) is not None


def set_autoname(inputs: dict[str, Any], name: str) -> None:
    """Writes a name and the mark that it was not the program's choice."""
    metadata = _writable(inputs, "metadata")
    metadata["name"] = name
    if not isinstance(metadata.get("annotations"), Unknown):
        _writable(metadata, "annotations")[AUTONAMED] = "true"


def adopt_autoname(inputs: dict[str, Any], old: dict[str, Any]) -> None:
    """Keeps the made name of the last update, so that it is stable."""
    old_name = name_of(old)
    if not is_named(inputs) and old_name and is_true(old, AUTONAMED):
        set_autoname(inputs, old_name)


def make_name(resource_name: str, seed: bytes) -> str:
    """`<resource name>-<8 hex digits>`, the digits from the engine's seed where it gives one."""
    digest = hashlib.sha256(seed).hexdigest() if seed else secrets.token_hex(_DIGITS)
    return f"{resource_name}-{digest[:_DIGITS]}"


def _metadata(value: dict[str, Any]) -> dict[str, Any]:
    metadata = value.get("metadata")
    metadata = metadata.value if isinstance(metadata, Secret) else metadata
    return metadata if isinstance(metadata, dict) else {}


def _writable(parent: dict[str, Any], key: str) -> dict[str, Any]:
    current = parent.get(key)
    current = current.value if isinstance(current, Secret) else current
    parent[key] = dict(current) if isinstance(current, dict) else {}
    child: dict[str, Any] = parent[key]
    return child
