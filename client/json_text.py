"""JSON by orjson, which writes numpy arrays as they are.

A float gets the fewest digits that tell it apart in its own dtype. What JSON has no form for and
model servers read and write all the same (NaN, Infinity) goes through Python's own, slower module.
"""

import json
from typing import Any

import numpy as np
import orjson

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY


def encode(value: Any) -> bytes:
    """`value`, which may hold arrays and what `values` made, as JSON text."""
    return orjson.dumps(value, _plain, _OPTIONS)


def decode(text: bytes | memoryview) -> Any:
    """The value in `text`. Raises ValueError."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(bytes(text))


def values(array: np.ndarray[Any, Any]) -> Any:
    """`array` of numbers or booleans as something that `encode` writes as nested lists."""
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        return orjson.Fragment(json.dumps(array.tolist()))  # orjson would write null
    return array


def _plain(array: Any) -> Any:
    """What orjson leaves: arrays without dimension, or not contiguous."""
    if isinstance(array, np.ndarray):
        return array.tolist()
    raise TypeError(f"no JSON for a {type(array).__name__}")
