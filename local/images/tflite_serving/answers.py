"""Responses to the requests of both APIs, gRPC and REST."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .errors import ServingError, failed_precondition, invalid
from .manager import Manager
from .messages import (
    GetModelMetadataResponse,
    GetModelStatusResponse,
    PredictResponse,
    SignatureDefMap,
)
from .tensors import Array, numpy_type, to_array, to_proto, type_name

DEFAULT_SIGNATURE = "serving_default"
SIGNATURE_DEF = "signature_def"


def predict(manager: Manager, request: Any, *, as_content: bool = False) -> Any:
    """The PredictResponse to a PredictRequest. Raises ServingError."""
    if not request.HasField("model_spec"):
        raise invalid("Missing ModelSpec")
    model, version = manager.find(request.model_spec)
    name = request.model_spec.signature_name or DEFAULT_SIGNATURE
    if name not in model.signatures:
        raise failed_precondition(f'Serving signature key "{name}" not found.')
    signature = model.signatures[name]
    inputs = _inputs(signature, request.inputs)
    outputs = _outputs(signature, request.output_filter)
    computed = model.run(name, inputs)
    response = PredictResponse()
    response.model_spec.name = request.model_spec.name
    response.model_spec.signature_name = name
    response.model_spec.version.value = version
    for alias in outputs:
        dtype = signature.outputs[alias].dtype
        response.outputs[alias].CopyFrom(to_proto(computed[alias], dtype, as_content=as_content))
    return response


def _inputs(signature: Any, sent: Any) -> dict[str, Array]:
    wanted = set(signature.inputs)
    if len(sent) != len(wanted):
        raise invalid(
            f"input size does not match signature: {len(sent)}!={len(wanted)} "
            f"len({_set(sent)}) != len({_set(wanted)}). Sent extra: {_set(set(sent) - wanted)}. "
            f"Missing but required: {_set(wanted - set(sent))}."
        )
    arrays: dict[str, Array] = {}
    for index, alias in enumerate(sorted(sent)):
        if alias not in wanted:
            raise invalid(
                f"input tensor alias not found in signature: {alias}. "
                f"Inputs expected to be in the set {_set(wanted)}."
            )
        info = signature.inputs[alias]
        if sent[alias].dtype != info.dtype or numpy_type(info.dtype) is None:
            raise invalid(
                f"Expects arg[{index}] to be {type_name(info.dtype)} but "
                f"{type_name(sent[alias].dtype)} is provided"
            )
        arrays[alias] = to_array(alias, sent[alias])
        _check_shape(info, arrays[alias])
    return arrays


def _check_shape(info: Any, array: Array) -> None:
    """Compare the array's shape with the signature's, since a .tflite has no EnsureShape."""
    if info.tensor_shape.unknown_rank:
        return
    expected = [dim.size for dim in info.tensor_shape.dim]
    fits = len(expected) == array.ndim and all(
        want in (-1, got) for want, got in zip(expected, array.shape, strict=True)
    )
    if not fits:
        raise invalid(
            f"Shape of tensor {info.name.partition(':')[0]} [{','.join(map(str, array.shape))}] is "
            "not compatible with expected shape "
            f"[{','.join('?' if size == -1 else str(size) for size in expected)}]."
        )


def _outputs(signature: Any, output_filter: Iterable[str]) -> list[str]:
    chosen: list[str] = []
    for alias in output_filter:
        if alias not in signature.outputs:
            raise invalid(
                f"output tensor alias not found in signature: {alias} "
                f"Outputs expected to be in the set {_set(signature.outputs)}."
            )
        if alias in chosen:
            raise invalid(f"duplicate output tensor alias: {alias}")
        chosen.append(alias)
    return chosen or sorted(signature.outputs)


def _set(names: Iterable[str]) -> str:
    return "{" + ",".join(sorted(names)) + "}"


def metadata(manager: Manager, request: Any) -> Any:
    """The GetModelMetadataResponse with the model's signatures. Raises ServingError."""
    if not request.HasField("model_spec"):
        raise invalid("Missing ModelSpec")
    if not request.metadata_field:
        raise invalid("GetModelMetadataRequest must specify at least one metadata_field")
    for field in request.metadata_field:
        if field != SIGNATURE_DEF:
            raise invalid(f"Metadata field {field} is not supported")
    model, version = manager.find(request.model_spec)
    signatures = SignatureDefMap()
    for name, signature in model.signatures.items():
        signatures.signature_def[name].CopyFrom(signature)
    response = GetModelMetadataResponse()
    response.model_spec.name = request.model_spec.name
    response.model_spec.version.value = version
    response.metadata[SIGNATURE_DEF].Pack(signatures)
    return response


def status(manager: Manager, request: Any) -> Any:
    """The GetModelStatusResponse for one or all versions of a model. Raises ServingError."""
    if not request.HasField("model_spec"):
        raise invalid("Missing ModelSpec")
    response = GetModelStatusResponse()
    for number, state, error in manager.states(request.model_spec):
        version = response.model_version_status.add(version=number, state=state)
        version.status.SetInParent()
        if error:
            fill_status(version.status, error)
    return response


def fill_status(proto: Any, error: ServingError) -> None:
    """Write `error` into the StatusProto `proto`."""
    proto.error_code = error.code.value[0]
    proto.error_message = error.message
