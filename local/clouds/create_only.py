"""Properties whose change replaces a resource. `create_only.yaml` lists them, with their sources."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml


@functools.cache
def table() -> Mapping[str, Sequence[str]]:
    """Type token → its create-only properties (`kubernetesNetworkConfig.ipFamily`), without indices."""
    document = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text())
    return {token: entry["properties"] for token, entry in document.items()}


def holds(
    token: str, keys: tuple[str | int, ...], old: Mapping[str, Any], new: Mapping[str, Any]
) -> bool:
    """Whether a change at `keys` replaces the resource: it is at or inside a create-only property,
    or at an object that contains one, before or after the change."""
    changed = [str(key) for key in keys if isinstance(key, str)]
    for path in table().get(token, ()):
        create_only = path.split(".")
        if changed[: len(create_only)] == create_only:
            return True
        if create_only[: len(changed)] == changed and (
            _has(old, create_only) or _has(new, create_only)
        ):
            return True
    return False


def _has(value: Any, path: list[str]) -> bool:
    if isinstance(value, list):
        return any(_has(each, path) for each in value)
    if not path:
        return value is not None
    return isinstance(value, dict) and _has(value.get(path[0]), path[1:])
