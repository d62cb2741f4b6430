"""The JSON of Triton's `generate_stream`: inputs and outputs by name, values without a shape.

Triton's `docs/protocol/extension_generate.md` specifies it. The server's rule for shapes is in its
`HTTPAPIServer::GenerateRequestClass::ExactMappingInput`.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from client.answers import known_server_error
from client.contract import Outputs
from client.errors import InputError, ServerError
from client.json_text import decode, encode, values
from client.protocols.open_inference_tensors import objects
from client.signature import Signature, TensorSpec, numpy_dtype


def request(inputs: Mapping[str, np.ndarray[Any, Any]], signature: Signature) -> bytes:
    """The request body for `inputs`, which have been checked. Raises InputError for a tensor whose
    shape the server would not infer, or whose values JSON cannot represent."""
    return encode({name: _value(array, signature.inputs[name]) for name, array in inputs.items()})


def outputs(answer: bytes, signature: Signature) -> Outputs:
    """The outputs in the data of one event. Raises ServerError if the event is a server error, and
    ValueError, TypeError or AttributeError if it is neither."""
    fields = decode(answer)
    if (error := fields.get("error")) is not None and "error" not in signature.outputs:
        reason = str(error).strip().rstrip(".")
        raise known_server_error(reason) or ServerError(
            f"The server ended the stream: {reason}.",
            "See the inputs against `client metadata`, and the server's log.",
        )
    return {
        name: _array(fields[name], spec)
        for name, spec in signature.outputs.items()
        if name in fields
    }


def _value(array: np.ndarray[Any, Any], spec: TensorSpec) -> Any:
    """A list of all values, or the value itself if there is only one."""
    shape = _shape(array.size, spec)
    if shape != array.shape:
        raise InputError(
            f"Input {spec.name!r} has shape {array.shape}, and generate_stream, which sends no shape,"
            f" would be read as {shape or 'something else'}.",
            "Stream over grpc, or give the values along the last open dimension.",
        )
    if spec.dtype != "string":
        return values(array.reshape(() if array.size == 1 else -1))
    try:
        texts = [item.decode() for item in array.ravel()]
    except UnicodeDecodeError as error:
        raise InputError(
            f"Input {spec.name!r} holds bytes that are no UTF-8 ({error.reason}), which JSON cannot"
            " hold.",
            "Stream over grpc.",
        ) from None
    return texts[0] if len(texts) == 1 else texts


def _array(value: Any, spec: TensorSpec) -> np.ndarray[Any, Any]:
    """The values, in the shape in which all open dimensions but the last are 1."""
    items = value if isinstance(value, list) else [value]
    if spec.dtype == "string":
        flat = objects([str(item).encode() for item in items])
    else:
        flat = np.array(items, numpy_dtype(spec.dtype))
    return flat.reshape(_shape(flat.size, spec) or flat.shape)


def _shape(size: int, spec: TensorSpec) -> tuple[int, ...] | None:
    """The shape that the server infers for `size` values: all open dimensions but the last are 1. None
    if the values do not fit."""
    if spec.shape is None:
        return None
    last = max((at for at, each in enumerate(spec.shape) if each is None), default=None)
    known = int(np.prod([each for each in spec.shape if each is not None], dtype=np.int64))
    rest = size // known if known and size % known == 0 else 0
    if rest * known != size or (last is None and rest != 1):
        return None
    return tuple(
        (rest if at == last else 1) if each is None else each for at, each in enumerate(spec.shape)
    )
