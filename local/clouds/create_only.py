"""Properties whose change makes a resource anew: `create_only.yaml`, which names the sources."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml


@functools.cache
def table() -> Mapping[str, Sequence[str]]:
    """Type token → its properties (`kubernetesNetworkConfig.ipFamily`), without indices."""
    document = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text())
    return {token: entry["properties"] for token, entry in document.items()}


def holds(
    token: str, keys: tuple[str | int, ...], old: Mapping[str, Any], new: Mapping[str, Any]
) -> bool:
    """Whether the change at `keys` concerns a property of the table: one of them, something in
    one, or something that one is in and that has it before or after."""
    named = [str(key) for key in keys if isinstance(key, str)]
    for path in table().get(token, ()):
        wanted = path.split(".")
        if named[: len(wanted)] == wanted:
            return True
        if wanted[: len(named)] == named and (_has(old, wanted) or _has(new, wanted)):
            return True
    return False


def _has(value: Any, path: list[str]) -> bool:
    if isinstance(value, list):
        return any(_has(each, path) for each in value)
    if not path:
        return value is not None
    return isinstance(value, dict) and _has(value.get(path[0]), path[1:])
