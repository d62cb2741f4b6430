"""TensorProto to numpy and back, as TensorFlow's Tensor::FromProto and AsProtoField do it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import invalid
from .messages import TensorProto, types_pb2

Array = NDArray[Any]

#: DataType → (numpy type, the repeated field that carries its values).
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

#: The most bytes that values which are left out of a message become. The real server has no such
#: limit: 30 bytes with the shape 10^9 take 4 GB of it.
_LARGEST_FILL = 64 * 2**20
#: The wire tags of repeated fields whose values have a fixed width (numbers 5 and 6, packed).
_PACKED = {"float_val": b"\x2a", "double_val": b"\x32"}


def _varint(number: int) -> bytes:
    """`number` as protobuf writes a length: seven bits a byte, the lowest first."""
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])


def type_name(dtype: int) -> str:
    """`float` for DT_FLOAT: the name TensorFlow's messages use."""
    known = dtype in types_pb2.DataType.values()
    return types_pb2.DataType.Name(dtype).removeprefix("DT_").lower() if known else str(dtype)


def numpy_type(dtype: int) -> np.dtype[Any] | None:
    """The numpy type of a DataType; None for one that this server does not carry."""
    found = _TYPES.get(dtype)
    return found[0] if found else None


def to_array(alias: str, proto: Any) -> Array:
    """The array in `proto`; `alias` names it in the error.

    Values come as `tensor_content` (little endian) or in the field of their type, where the last
    value stands for all that are missing, and none at all for zeros.
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
    """`array` as a TensorProto of type `dtype`: in the type's own field, or as raw content."""
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
        # As the field lies on the wire, little endian: a list of millions would take seconds.
        proto.MergeFromString(_PACKED[field] + _varint(flat.nbytes) + flat.tobytes())
    else:
        getattr(proto, field).extend(flat.tolist())
    return proto
