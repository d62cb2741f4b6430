"""JSON with orjson, which serializes numpy arrays directly.

A float has the fewest digits that identify it in its own dtype. JSON has no NaN and Infinity, but
model servers read and write them: these go through Python's slower `json` module.
"""

import json
from typing import Any

import numpy as np
import orjson

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY


def encode(value: Any) -> bytes:
    """`value` as JSON text. It may contain arrays and results of `values`."""
    return orjson.dumps(value, _plain, _OPTIONS)


def decode(text: bytes | memoryview) -> Any:
    """The value in `text`. Raises ValueError."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(bytes(text))


def values(array: np.ndarray[Any, Any]) -> Any:
    """`array` of numbers or booleans in a form that `encode` writes as nested lists."""
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        return orjson.Fragment(json.dumps(array.tolist()))  # orjson would write null
    return array


def _plain(array: Any) -> Any:
    """Converts the arrays that orjson cannot serialize: without dimensions, or not contiguous."""
    if isinstance(array, np.ndarray):
        return array.tolist()
    raise TypeError(f"no JSON for a {type(array).__name__}")
