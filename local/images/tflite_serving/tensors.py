"""Converts TensorProto to numpy and back, as TensorFlow's Tensor::FromProto and AsProtoField."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import invalid
from .messages import TensorProto, types_pb2

Array = NDArray[Any]

#: DataType → (numpy type, the repeated field of its values).
_TYPES: dict[int, tuple[np.dtype[Any], str]] = {
    types_pb2.DT_FLOAT: (np.dtype("<f4"), "float_val"),
    types_pb2.DT_DOUBLE: (np.dtype("<f8"), "double_val"),
    types_pb2.DT_INT8: (np.dtype("i1"), "int_val"),
    types_pb2.DT_INT16: (np.dtype("<i2"), "int_val"),
    types_pb2.DT_INT32: (np.dtype("<i4"), "int_val"),
    types_pb2.DT_INT64: (np.dtype("<i8"), "int64_val"),
    types_pb2.DT_UINT8: (np.dtype("u1"), "int_val"),
    types_pb2.DT_UINT16: (np.dtype("<u2"), "int_val"),
    types_pb2.DT_UINT32: (np.dtype("<u4"), "uint32_val"),
    types_pb2.DT_UINT64: (np.dtype("<u8"), "uint64_val"),
    types_pb2.DT_BOOL: (np.dtype("?"), "bool_val"),
    types_pb2.DT_HALF: (np.dtype("<f2"), "half_val"),
    types_pb2.DT_STRING: (np.dtype("O"), "string_val"),
}

#: The largest tensor in bytes for which missing values are filled in. The real server has no such
#: limit: there a message of 30 bytes with the shape 10^9 takes 4 GB.
_LARGEST_FILL = 64 * 2**20
#: The wire tags of packed fields whose values have a fixed width (field numbers 5 and 6).
_PACKED = {"float_val": b"\x2a", "double_val": b"\x32"}


def _varint(number: int) -> bytes:
    """`number` in protobuf's encoding of a length: seven bits a byte, the lowest first."""
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])


def type_name(dtype: int) -> str:
    """The type's name in TensorFlow's messages: `float` for DT_FLOAT."""
    known = dtype in types_pb2.DataType.values()
    return types_pb2.DataType.Name(dtype).removeprefix("DT_").lower() if known else str(dtype)


def numpy_type(dtype: int) -> np.dtype[Any] | None:
    """The numpy type of a DataType, None if this server does not support it."""
    pair = _TYPES.get(dtype)
    return pair[0] if pair else None


def to_array(alias: str, proto: Any) -> Array:
    """The array in `proto`; `alias` is its name in error messages.

    The values are in `tensor_content` (little endian) or in the field of their type. There the last
    value is repeated for missing ones, and no values mean zeros.
    """
    error = invalid(f"tensor parsing error: {alias}")
    if proto.dtype not in _TYPES or proto.tensor_shape.unknown_rank:
        raise error
    dtype, field = _TYPES[proto.dtype]
    shape = tuple(dim.size for dim in proto.tensor_shape.dim)
    if any(size < 0 for size in shape):
        raise error
    count = math.prod(shape)
    if proto.tensor_content and dtype != object:
        if len(proto.tensor_content) != count * dtype.itemsize:
            raise error
        return np.frombuffer(proto.tensor_content, dtype).reshape(shape)
    values = getattr(proto, field)
    if len(values) > count:
        raise error
    if len(values) < count and count * dtype.itemsize > _LARGEST_FILL:
        raise invalid(
            f"{alias}: {len(values)} values for a shape of {count} elements; this stand-in fills up "
            f"at most {_LARGEST_FILL} bytes"
        )
    flat = np.array(values, "<u2").view(dtype) if field == "half_val" else np.array(values, dtype)
    if not len(values):
        fill: Any = b"" if dtype == object else 0
        return np.full(shape, fill, dtype)
    if len(values) < count:
        flat = np.concatenate([flat, np.full(count - len(values), flat[-1], dtype)])
    return flat.reshape(shape)


def to_proto(array: Array, dtype: int, *, as_content: bool) -> Any:
    """`array` as a TensorProto of type `dtype`, in the field of its type or as `tensor_content`."""
    numpy_dtype, field = _TYPES[dtype]
    proto = TensorProto(dtype=dtype)
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    flat = np.ascontiguousarray(array, numpy_dtype).ravel()
    if as_content and numpy_dtype != object:
        proto.tensor_content = flat.tobytes()
    elif field == "half_val":
        proto.half_val.extend(flat.view("<u2").tolist())
    elif field in _PACKED:
        # The field's wire format, little endian: a list of millions of numbers would take seconds.
        proto.MergeFromString(_PACKED[field] + _varint(flat.nbytes) + flat.tobytes())
    else:
        getattr(proto, field).extend(flat.tolist())
    return proto
