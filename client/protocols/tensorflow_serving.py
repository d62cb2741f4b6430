"""TensorFlow Serving's API: PredictionService over gRPC, /v1/models over REST.

The messages are tensorflow-protobuf's generated code. It uses no generated stubs, because these
cannot put a path prefix before the service's name.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from client.contract import Outputs
from client.endpoint import Transport, Version
from client.errors import ClientError, NoStreamError, ServerError, UsageError
from client.json_text import decode, encode, values
from client.signature import Metadata, Signature, TensorSpec, numpy_dtype

if TYPE_CHECKING:
    from client.grpc_channel import GrpcChannel
    from client.rest_connection import RestConnection

_SERVICE = "/tensorflow.serving.PredictionService"
_PREDICT_SUFFIX = ":predict"
_DT_NAMES = {"DT_HALF": "float16", "DT_FLOAT": "float32", "DT_DOUBLE": "float64"}


class TensorFlowServing:
    """Both transports of the protocol `tensorflow-serving`."""

    transports: tuple[Transport, ...] = ("grpc", "rest")

    def over_grpc(self, channel: GrpcChannel, model: str, version: Version | None) -> GrpcWire:
        return GrpcWire(channel, model, version)

    def over_rest(
        self, connection: RestConnection, model: str, version: Version | None, *, binary: bool
    ) -> RestWire:
        return RestWire(connection, model, version)

    def rest_path(self, model: str) -> str:
        return f"/v1/models/{model}{_PREDICT_SUFFIX}"


class GrpcWire:
    """PredictionService on a channel."""

    def __init__(self, channel: GrpcChannel, model: str, version: Version | None) -> None:
        self._channel, self._model, self._version = channel, model, version

    def metadata(self, deadline: float) -> Metadata:
        """GetModelMetadata, without SavedModel's internal signatures (`__saved_model_init_op`)."""
        from tensorflow_serving.apis import (
            get_model_metadata_pb2 as pb,
        )

        from client.tensor_proto import dtype_name

        request = pb.GetModelMetadataRequest(metadata_field=["signature_def"])
        self._address(request.model_spec)
        answer = self._channel.call(
            f"{_SERVICE}/GetModelMetadata",
            request,
            pb.GetModelMetadataResponse,
            deadline,
            idempotent=True,
        )
        signatures = pb.SignatureDefMap()
        answer.metadata["signature_def"].Unpack(signatures)

        def specs(infos: Mapping[str, Any]) -> dict[str, TensorSpec]:
            return {
                name: TensorSpec(name, dtype_name(info.dtype), _grpc_shape(info.tensor_shape))
                for name, info in sorted(infos.items())
            }

        return Metadata(
            model=self._model,
            version=answer.model_spec.version.value or None,
            signatures={
                name: Signature(name, specs(signature.inputs), specs(signature.outputs))
                for name, signature in sorted(signatures.signature_def.items())
                if not name.startswith("__")
            },
        )

    def encode(self, inputs: Mapping[str, np.ndarray[Any, Any]], signature: Signature) -> bytes:
        """PredictRequest with raw tensors."""
        from tensorflow_serving.apis import predict_pb2 as pb

        from client.tensor_proto import to_proto

        request = pb.PredictRequest()
        self._address(request.model_spec)
        request.model_spec.signature_name = signature.name
        for name, array in inputs.items():
            request.inputs[name].CopyFrom(to_proto(array, signature.inputs[name].dtype))
        message: bytes = request.SerializeToString()
        return message

    def exchange(self, request: bytes, deadline: float, *, idempotent: bool) -> bytes:
        """Predict."""
        method = f"{_SERVICE}/Predict"
        return self._channel.exchange(method, request, deadline, idempotent=idempotent)

    def decode(self, answer: bytes, signature: Signature) -> Outputs:
        """PredictResponse with raw or typed tensors."""
        from tensorflow_serving.apis import predict_pb2 as pb

        from client.tensor_proto import from_proto

        outputs = self._channel.parse(answer, pb.PredictResponse).outputs
        return {name: from_proto(proto, name) for name, proto in sorted(outputs.items())}

    def stream(
        self, inputs: Mapping[str, np.ndarray[Any, Any]], signature: Signature, deadline: float
    ) -> Generator[Outputs, None, None]:
        raise _no_streams()

    def load_version(self, version: int, deadline: float) -> None:
        raise _no_loading()

    def _address(self, spec: Any) -> None:
        spec.name = self._model
        if isinstance(self._version, str):
            spec.version_label = self._version
        elif self._version is not None:
            spec.version.value = self._version


class RestWire:
    """/v1/models on an HTTP connection, with JSON in columns (`inputs`), which needs no batch
    dimension."""

    def __init__(self, connection: RestConnection, model: str, version: Version | None) -> None:
        self._connection, self._model = connection, model
        base = connection.path.removesuffix(_PREDICT_SUFFIX)
        kind = "labels" if isinstance(version, str) else "versions"
        self._path = base if version is None else f"{base}/{kind}/{version}"

    def metadata(self, deadline: float) -> Metadata:
        """GET .../metadata."""
        answer = self._connection.call(f"{self._path}/metadata", None, deadline)
        try:
            version = answer["model_spec"].get("version")
            definitions = answer["metadata"]["signature_def"]["signature_def"]
            signatures = {
                name: Signature(name, _rest_specs(value["inputs"]), _rest_specs(value["outputs"]))
                for name, value in sorted(definitions.items())
                if not name.startswith("__")
            }
            return Metadata(self._model, int(version) if version else None, signatures)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._unexpected("metadata", error) from error

    def encode(self, inputs: Mapping[str, np.ndarray[Any, Any]], signature: Signature) -> bytes:
        """The body of a prediction."""
        return encode(
            {
                "signature_name": signature.name,
                "inputs": {name: _to_json(array) for name, array in inputs.items()},
            }
        )

    def exchange(self, request: bytes, deadline: float, *, idempotent: bool) -> bytes:
        """POST ...:predict."""
        path = self._path + _PREDICT_SUFFIX
        return self._connection.exchange(path, [request], deadline, idempotent=idempotent).data

    def decode(self, answer: bytes, signature: Signature) -> Outputs:
        """The arrays of `outputs`."""
        try:
            outputs = decode(answer)["outputs"]
            specs = signature.outputs
            if len(specs) == 1:  # the server leaves out the name of a single output
                outputs = {next(iter(specs)): outputs}
            return {name: _from_json(outputs[name], spec) for name, spec in specs.items()}
        except (KeyError, TypeError, ValueError) as error:
            raise self._unexpected("a prediction", error) from error

    def stream(
        self, inputs: Mapping[str, np.ndarray[Any, Any]], signature: Signature, deadline: float
    ) -> Generator[Outputs, None, None]:
        raise _no_streams()

    def load_version(self, version: int, deadline: float) -> None:
        raise _no_loading()

    def _unexpected(self, what: str, error: Exception) -> ClientError:
        return ServerError(
            f"{self._connection.target}{self._path} answered something that is not {what} of"
            f" TensorFlow Serving ({type(error).__name__}: {error}).",
            "See that the endpoint's `rest.url` points to the model.",
        )


def _no_streams() -> NoStreamError:
    return NoStreamError(
        "TensorFlow Serving has no streams: it gives one answer to a call.",
        "Call it by `predict` without --stream (predict(...) in Python).",
    )


def _no_loading() -> UsageError:
    return UsageError(
        "TensorFlow Serving has no call that loads one version of a model.",
        "Its version policy decides which of the directories 1/, 2/, ... it serves.",
    )


def _grpc_shape(shape: Any) -> tuple[int | None, ...] | None:
    if shape.unknown_rank:
        return None
    return tuple(dim.size if dim.size >= 0 else None for dim in shape.dim)


def _rest_specs(infos: Mapping[str, Any]) -> dict[str, TensorSpec]:
    """Specs from the proto's JSON form, in which 64-bit numbers are strings and empty lists may be
    missing."""
    specs = {}
    for name, info in sorted(infos.items()):
        shape = info.get("tensor_shape") or {}
        sizes = [int(dim.get("size", 0)) for dim in shape.get("dim") or []]
        dims = None if shape.get("unknown_rank") else tuple(s if s >= 0 else None for s in sizes)
        dtype = _DT_NAMES.get(info["dtype"]) or _plain_dtype(info["dtype"])
        specs[name] = TensorSpec(name, dtype, dims)
    return specs


def _plain_dtype(name: str) -> str:
    """int64 for DT_INT64; other names stay as they are."""
    plain = re.fullmatch(r"DT_((?:U?INT(?:8|16|32|64))|BOOL|STRING|BFLOAT16)", name)
    return plain[1].lower() if plain else name


def _to_json(array: np.ndarray[Any, Any]) -> Any:
    """Nested lists, with bytes in the API's form {"b64": ...}."""
    if array.dtype != object:
        return values(array)
    encoded = [{"b64": base64.b64encode(item).decode()} for item in array.ravel()]
    result = np.empty(len(encoded), dtype=object)
    result[:] = encoded
    return result.reshape(array.shape).tolist()


def _from_json(value: Any, spec: TensorSpec) -> np.ndarray[Any, Any]:
    if spec.dtype != "string":
        return np.array(value, numpy_dtype(spec.dtype))
    array = np.array(value, dtype=object)
    decoded = [
        base64.b64decode(item["b64"]) if isinstance(item, dict) else str(item).encode()
        for item in array.ravel()
    ]
    result = np.empty(len(decoded), dtype=object)
    result[:] = decoded
    return result.reshape(array.shape)
