"""Converts numpy arrays to and from TensorFlow's TensorProto, without tensorflow.

Tensors are sent raw (`tensor_content`), and read raw or typed (`float_val`...). As in tensorflow's
MakeNdarray, the last value of a typed list that is too short is repeated.
"""

from typing import Any

import numpy as np
from tensorflow.core.framework import (
    tensor_pb2,
    tensor_shape_pb2,
    types_pb2,
)

from client.errors import ServerError
from client.raw_tensor import from_raw, to_raw, widened
from client.signature import numpy_dtype

_ENUM = {
    "float16": types_pb2.DT_HALF,
    "float32": types_pb2.DT_FLOAT,
    "float64": types_pb2.DT_DOUBLE,
    "bfloat16": types_pb2.DT_BFLOAT16,
    "int8": types_pb2.DT_INT8,
    "int16": types_pb2.DT_INT16,
    "int32": types_pb2.DT_INT32,
    "int64": types_pb2.DT_INT64,
    "uint8": types_pb2.DT_UINT8,
    "uint16": types_pb2.DT_UINT16,
    "uint32": types_pb2.DT_UINT32,
    "uint64": types_pb2.DT_UINT64,
    "bool": types_pb2.DT_BOOL,
    "string": types_pb2.DT_STRING,
}
_NAME = {number: name for name, number in _ENUM.items()}
# The repeated field of TensorProto with the typed values. The small integers share int_val.
_FIELD = {
    "float16": "half_val",
    "bfloat16": "half_val",
    "float32": "float_val",
    "float64": "double_val",
    "int64": "int64_val",
    "uint32": "uint32_val",
    "uint64": "uint64_val",
    "bool": "bool_val",
    "string": "string_val",
}


def dtype_name(number: int) -> str:
    """The name of a DataType in `client.signature.DTYPES`, or "DT_..." if it is not in there."""
    return _NAME.get(number) or str(types_pb2.DataType.Name(number))


def to_proto(array: np.ndarray[Any, Any], dtype: str) -> Any:
    """A TensorProto of `dtype` (one of DTYPES) with `array`'s shape and values."""
    dims = [tensor_shape_pb2.TensorShapeProto.Dim(size=size) for size in array.shape]
    shape = tensor_shape_pb2.TensorShapeProto(dim=dims)
    proto = tensor_pb2.TensorProto(dtype=_ENUM[dtype], tensor_shape=shape)
    if dtype == "string":
        proto.string_val.extend(array.ravel().tolist())
    else:
        proto.tensor_content = bytes(to_raw(array, dtype))
    return proto


def from_proto(proto: Any, name: str) -> np.ndarray[Any, Any]:
    """A writable array from `proto`. bfloat16 becomes float32, string an object array of bytes. Raises
    ServerError, with the output's `name`, for a dtype or content that cannot be read.
    """
    dtype = dtype_name(proto.dtype)
    if dtype not in _ENUM:
        raise _unreadable(name, f"dtype {dtype}")
    shape = tuple(dim.size for dim in proto.tensor_shape.dim)
    if dtype != "string" and proto.tensor_content:
        try:
            values = from_raw(proto.tensor_content, dtype)
        except ValueError as error:
            raise _unreadable(name, str(error)) from None
    else:
        values = _typed_values(proto, dtype, int(np.prod(shape, dtype=np.int64)))
        values = widened(values) if dtype == "bfloat16" else values
    try:
        return values.reshape(shape)
    except ValueError:
        raise _unreadable(name, f"{values.size} values for shape {shape}") from None


def _typed_values(proto: Any, dtype: str, size: int) -> np.ndarray[Any, Any]:
    values_list = getattr(proto, _FIELD.get(dtype, "int_val"))
    if dtype == "string":
        values = np.empty(len(values_list), dtype=object)
        values[:] = values_list
    elif dtype == "float16":
        values = np.array(values_list, np.uint16).view(np.float16)
    else:
        values = np.array(values_list, _wire_dtype(dtype))
    if len(values) >= size:
        return values
    fill = values[-1:] if len(values) else np.array([b"" if dtype == "string" else 0], values.dtype)
    return np.concatenate([values, np.repeat(fill, size - len(values))])


def _wire_dtype(dtype: str) -> np.dtype[Any]:
    return np.dtype(np.uint16) if dtype == "bfloat16" else numpy_dtype(dtype)


def _unreadable(name: str, what: str) -> ServerError:
    return ServerError(
        f"The answer's output {name!r} cannot be read: {what}.",
        "See the model's signature with `python -m client metadata`.",
    )
