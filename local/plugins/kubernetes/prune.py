"""Seeing a live object through the eyes of the program: only what it wrote, as it wrote it."""

from __future__ import annotations

import base64
import copy
import re
from decimal import Decimal
from typing import Any, Final

_QUANTITY: Final = re.compile(r"^([+-]?\d+(?:\.\d*)?|[+-]?\.\d+)(e[+-]?\d+|[a-zA-Z]*)$")
_SUFFIXES: Final = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "": Decimal(1),
    "k": Decimal(10) ** 3,
    "M": Decimal(10) ** 6,
    "G": Decimal(10) ** 9,
    "T": Decimal(10) ** 12,
    "P": Decimal(10) ** 15,
    "E": Decimal(10) ** 18,
    "Ki": Decimal(2) ** 10,
    "Mi": Decimal(2) ** 20,
    "Gi": Decimal(2) ** 30,
    "Ti": Decimal(2) ** 40,
    "Pi": Decimal(2) ** 50,
    "Ei": Decimal(2) ** 60,
}
#: Metadata that the API server writes; never an input.
_SERVER_METADATA: Final = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
)
_SERVER_ANNOTATIONS: Final = (
    "deployment.kubernetes.io/revision",
    "kubectl.kubernetes.io/last-applied-configuration",
)


def prune(live: dict[str, Any], inputs: dict[str, Any]) -> dict[str, Any]:
    """The part of `live` that `inputs` speak of.

    Where the two mean the same (`1000m` and `1`, `stringData` and its base64), the spelling of
    `inputs` is kept, so that only a real drift shows as one.
    """
    pruned: dict[str, Any] = _prune(live, inputs)
    if live.get("kind") == "Secret" and inputs.get("stringData"):
        data = live.get("data") or {}
        pruned["stringData"] = {
            key: _decoded(data[key], str(text))
            for key, text in inputs["stringData"].items()
            if key in data
        }
    return pruned


def importable(live: dict[str, Any]) -> dict[str, Any]:
    """Inputs for an object that no program has written yet (`pulumi import`)."""
    inputs = copy.deepcopy({key: value for key, value in live.items() if key != "status"})
    metadata = inputs.get("metadata") or {}
    for key in _SERVER_METADATA:
        metadata.pop(key, None)
    for key in _SERVER_ANNOTATIONS:
        (metadata.get("annotations") or {}).pop(key, None)
    return inputs


def without_server_metadata(inputs: dict[str, Any]) -> dict[str, Any]:
    """`inputs` less the metadata that only the API server writes (an exported manifest has it)."""
    metadata = inputs.get("metadata")
    if not isinstance(metadata, dict) or not metadata.keys() & set(_SERVER_METADATA):
        return inputs
    kept = {key: value for key, value in metadata.items() if key not in _SERVER_METADATA}
    return {**inputs, "metadata": kept}


def equivalent(left: Any, right: Any) -> bool:
    """Whether the API server takes two values for the same."""
    if left == right:
        return type(left) is type(right) or not isinstance(left, bool | type(right))
    if isinstance(left, bool) or isinstance(right, bool):
        return False
    if isinstance(left, str | int | float) and isinstance(right, str | int | float):
        first, second = _quantity(str(left)), _quantity(str(right))
        return first is not None and first == second
    return not left and not right and _empty(left) and _empty(right)


def _prune(live: Any, inputs: Any) -> Any:
    if isinstance(live, dict) and isinstance(inputs, dict):
        kept = {}
        for key, wanted in inputs.items():
            if key in live:
                kept[key] = _prune(live[key], wanted)
            elif _empty(wanted):
                # The API server stores no null, no empty map and no empty list.
                kept[key] = wanted
        return kept
    if isinstance(live, list) and isinstance(inputs, list):
        if len(live) < len(inputs):
            return [_prune(item, wanted) for item, wanted in zip(live, inputs, strict=False)]
        return [_prune(live[index], wanted) for index, wanted in enumerate(inputs)]
    return inputs if equivalent(live, inputs) else live


def _empty(value: Any) -> bool:
    return value is None or value == {} or value == []


def _quantity(text: str) -> Decimal | None:
    match = _QUANTITY.match(text.strip())
    if match is None:
        return None
    number, suffix = match.groups()
    if suffix[:1] == "e" and len(suffix) > 1:
        return Decimal(number + suffix)
    return Decimal(number) * _SUFFIXES[suffix] if suffix in _SUFFIXES else None


def _decoded(encoded: str, wanted: str) -> str:
    try:
        return base64.b64decode(encoded).decode()
    except ValueError:
        # Not text any more: somebody else wrote bytes there, which is a drift like any other.
        return "" if wanted else encoded
