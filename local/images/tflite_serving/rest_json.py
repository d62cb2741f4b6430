"""Converts REST bodies to PredictRequests, and PredictResponses to REST bodies."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import orjson

from .errors import ServingError, invalid
from .messages import PredictRequest, types_pb2
from .tensors import Array, numpy_type, to_array, to_proto, type_name

#: The number of array elements that are written at a time.
_PIECE = 2**16
#: Returns a signature's inputs (alias → TensorInfo) for its name. Raises ServingError.
Inputs = Callable[[str], Mapping[str, Any]]


def read_request(body: bytes, inputs_of: Inputs) -> tuple[Any, bool]:
    """A PredictRequest without the model's name, and whether the body is in row format."""
    if not body:
        raise invalid("JSON Parse error: The document is empty")
    document = _parsed(body)
    if not isinstance(document, dict):
        raise invalid(f"JSON Value: {_short(document)} Is not object")
    request = PredictRequest()
    signature = document.get("signature_name", "")
    if not isinstance(signature, str):
        raise invalid(
            f"JSON Value: {_short(document)} not formatted correctly. "
            "'signature_name' key must be a string value."
        )
    request.model_spec.signature_name = signature
    rows, columns = "instances" in document, "inputs" in document
    if rows and columns:
        raise invalid("Not formatted correctly expecting only one of 'instances' or 'inputs' keys")
    if not rows and not columns:
        raise invalid("Missing 'inputs' or 'instances' key")
    infos = inputs_of(signature)
    values = (
        _from_rows(document["instances"], infos) if rows else _columns(document["inputs"], infos)
    )
    del document  # lists of numbers take many times the memory of their text
    while values:
        alias, value = values.popitem()
        array = _array(alias, value, infos[alias].dtype)
        del value
        proto = to_proto(array, infos[alias].dtype, as_content=array.dtype != object)
        request.inputs[alias].CopyFrom(proto)
    return request, rows


def _parsed(body: bytes) -> Any:
    """The document in `body`. Accepts `NaN` and `Infinity`, as the real server."""
    try:
        return orjson.loads(body)
    except ValueError:  # orjson refuses `NaN`, or it is no JSON
        pass
    try:
        return json.loads(body)
    except ValueError as error:
        offset = getattr(error, "pos", 0)
        raise invalid(f"JSON Parse error: {error} at offset: {offset}") from error
    except RecursionError as error:
        raise invalid("JSON Parse error: nested too deep at offset: 0") from error


def _from_rows(instances: Any, infos: Mapping[str, Any]) -> dict[str, list[Any]]:
    if not isinstance(instances, list) or not instances:
        raise invalid(
            f"JSON Value: {_short(instances)} Expecting 'instances' value to be a non-empty list"
        )
    if not _named(instances[0]):
        if len(infos) > 1:
            raise invalid(
                "instances is a plain list, but expecting list of objects as multiple input "
                "tensors required as per tensorinfo_map"
            )
        for index, item in enumerate(instances):
            if _named(item):
                raise invalid(f"Expecting value/list but got object at item {index} of input list")
        return {next(iter(infos)): instances}
    for index, item in enumerate(instances):
        if not _named(item):
            raise invalid(f"Expecting object but got list at item {index} of input list")
        if set(item) != set(infos):
            raise invalid(
                f"Failed to process element: {index} of 'instances' list. JSON object: "
                f"{_short(item)} keys must be equal to: {','.join(sorted(infos))}"
            )
    return {alias: [item[alias] for item in instances] for alias in infos}


def _columns(inputs: Any, infos: Mapping[str, Any]) -> dict[str, Any]:
    if not _named(inputs):
        if len(infos) > 1:
            raise invalid(
                "inputs is a plain value/list, but expecting an object as multiple input tensors "
                "required as per tensorinfo_map"
            )
        return {next(iter(infos)): inputs}
    for alias in infos:
        if alias not in inputs:
            raise invalid(f"Missing named input: {alias} in 'inputs' object.")
    return {alias: inputs[alias] for alias in infos}


def _named(value: Any) -> bool:
    """Whether `value` is an object of named tensors: any object except `{"b64": "..."}`, which is a
    string in base64."""
    return isinstance(value, dict) and set(value) != {"b64"}


def _array(alias: str, value: Any, dtype: int) -> Array:
    expected = numpy_type(dtype)
    if expected is None or expected == object:
        raise invalid(f"Conversion of JSON Value: {_short(value)} to type: {type_name(dtype)}")
    for kind, leaf in _kinds(value):
        number = kind in (int, float)
        fits = {"b": kind is bool, "f": number}.get(expected.kind, kind is int)
        if not fits:
            raise invalid(
                f"JSON Value: {_short(leaf)} Type: {_json_type(leaf)} is not of expected type: "
                f"{type_name(dtype)}"
            )
    try:
        return np.array(value, expected)
    except (ValueError, OverflowError) as error:
        raise invalid(f"Failed to process input {alias}: {error}") from error


def _kinds(value: Any) -> Iterator[tuple[type, Any]]:
    """The Python types of the values in nested lists with an example value: each type once for each
    list."""
    if not isinstance(value, list):
        yield type(value), value
        return
    kinds = set(map(type, value))
    for kind in kinds - {list}:
        yield kind, next(item for item in value if type(item) is kind)
    if list in kinds:
        for item in value:
            if isinstance(item, list):
                yield from _kinds(item)


def _json_type(value: Any) -> str:
    names = {dict: "Object", list: "Array", str: "String", type(None): "Null"}
    if isinstance(value, bool):
        return str(value)
    return names.get(type(value), "Number")


def _short(value: Any) -> str:
    return json.dumps(value)[:256]


def write_response(response: Any, rows: bool) -> bytes:
    """The body of a PredictResponse: `predictions` by row, or `outputs` by name. A single output
    has no name."""
    outputs: Mapping[str, Any] = response.outputs
    arrays = {alias: _plain(alias, proto) for alias, proto in outputs.items()}
    if not rows:
        return _text("outputs", arrays if len(arrays) > 1 else next(iter(arrays.values())))
    sizes = set()
    for alias, proto in outputs.items():
        if not proto.tensor_shape.dim:
            raise invalid(f"Tensor name: {alias} has no shape information ")
        sizes.add(proto.tensor_shape.dim[0].size)
    if len(sizes) > 1:
        raise invalid(f"Tensors have inconsistent batch sizes: {sorted(sizes)}")
    if len(arrays) == 1:
        return _text("predictions", next(iter(arrays.values())))
    items = [{alias: values[row] for alias, values in arrays.items()} for row in range(sizes.pop())]
    return _text("predictions", items)


def _plain(alias: str, proto: Any) -> Any:
    """The array in a type that orjson writes; it writes the shortest decimals that give the same
    float32."""
    array = to_array(alias, proto)
    return array.astype(np.float32) if proto.dtype == types_pb2.DT_HALF else array


def _text(name: str, value: Any) -> bytes:
    """JSON of `{name: value}`. Not by orjson if there is a NaN, which it writes as null, unlike the
    real server."""
    document = {name: value}
    if all(np.isfinite(array).all() for array in _floats(value)):
        return _json(document)
    return json.dumps(document, default=_listed).encode()


def _json(value: Any) -> bytes:
    """JSON of `value`, written in pieces: orjson reserves 32 bytes for each number of an array."""
    if isinstance(value, dict):
        return b"{%s}" % b",".join(b"%s:%s" % (orjson.dumps(k), _json(v)) for k, v in value.items())
    if isinstance(value, list):
        return b"[%s]" % b",".join(map(_json, value))
    if value.ndim == 0 or value.size <= _PIECE:
        return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)
    if value.ndim > 1:
        return b"[%s]" % b",".join(map(_json, value))
    pieces = (value[start : start + _PIECE] for start in range(0, len(value), _PIECE))
    return b"[%s]" % b",".join(_json(piece)[1:-1] for piece in pieces)


def _floats(value: Any) -> Iterator[Array]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _floats(item)
    elif value.dtype.kind == "f":
        yield value


def _listed(array: Array) -> Any:
    return (array.astype(str).astype(np.float64) if array.dtype.kind == "f" else array).tolist()


def write_error(error: ServingError) -> bytes:
    return orjson.dumps({"error": error.message})
