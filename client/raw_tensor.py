"""The raw tensors of both protocols: little-endian, row-major, without padding."""

import sys
from typing import Any

import numpy as np

from client.signature import numpy_dtype


def to_raw(array: np.ndarray[Any, Any], dtype: str) -> memoryview:
    """The bytes of `array`, without a copy if its memory already has this layout. Not for strings."""
    stored = _to_bfloat16(array) if dtype == "bfloat16" else array
    flat = np.ascontiguousarray(_little_endian(stored)).reshape(-1)
    return memoryview(flat.view(np.uint8))  # type: ignore[arg-type]


def from_raw(raw: bytes | memoryview, dtype: str) -> np.ndarray[Any, Any]:
    """A writable array of one dimension; bfloat16 becomes float32. Raises ValueError if `raw` ends
    inside an element."""
    stored = np.dtype(np.uint16) if dtype == "bfloat16" else numpy_dtype(dtype)
    values = np.frombuffer(raw, stored.newbyteorder("<")).astype(stored)
    return widened(values) if dtype == "bfloat16" else values


def widened(halves: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """float32 values whose upper 16 bits are `halves`."""
    return (halves.astype(np.uint32) << 16).view(np.float32)


def _to_bfloat16(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The upper half of each float32, rounded to nearest even; NaN stays NaN."""
    bits = np.ascontiguousarray(array, np.float32).view(np.uint32).astype(np.uint64)
    rounded = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
    return np.where(np.isnan(array), np.uint16(0x7FC0), rounded)


def _little_endian(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if sys.byteorder == "little" and array.dtype.byteorder != ">":
        return array
    return array.astype(array.dtype.newbyteorder("<"))
