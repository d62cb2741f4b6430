"""Arrays as plain JSON values."""

import base64
from typing import Any

import numpy as np


def plain(array: np.ndarray[Any, Any], dtype: str) -> Any:
    """`array` as nested lists of JSON values. Floats have the fewest digits that identify them in their
    own dtype (0.1, not 0.10000000149011612). Bytes that are not UTF-8 become {"b64": ...}."""
    if dtype == "string":
        values = np.empty(array.size, dtype=object)
        values[:] = [_text(item) for item in array.ravel()]
        return values.reshape(array.shape).tolist()
    if dtype in ("float16", "float32"):
        return array.astype(str).astype(np.float64).tolist()
    return array.tolist()


def _text(item: bytes) -> Any:
    try:
        return item.decode()
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(item).decode()}
