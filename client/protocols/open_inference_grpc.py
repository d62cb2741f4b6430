"""GRPCInferenceService, with raw tensors after the message's other fields."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Generator, Iterator, Mapping
from typing import Any

import numpy as np
from google.protobuf.json_format import MessageToDict

from client.answers import known_server_error
from client.contract import Outputs
from client.errors import (
    ModelNotFoundError,
    NoRouteError,
    NoStreamError,
    NoSuchCallError,
    ServerError,
)
from client.grpc_channel import GrpcChannel
from client.protocols import open_inference_messages as pb
from client.protocols import wire_bytes
from client.protocols.open_inference_tensors import (
    DATATYPES,
    Policy,
    metadata,
    objects,
    policy_of,
    raw_array,
    raw_bytes,
    unreadable,
    with_version,
)
from client.signature import Metadata, Signature, numpy_dtype

_SERVICE = "/inference.GRPCInferenceService"
_READS = ("ModelMetadata", "ModelConfig", "ModelReady")
# The field of InferTensorContents with the typed values, which MLServer may answer with.
_CONTENTS = {
    "BOOL": "bool_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
}


@contextlib.contextmanager
def _routed(model: str) -> Iterator[None]:
    """Names the setting that is missing if the gateway does not route streams of `model`."""
    try:
        yield
    except (NoRouteError, NoSuchCallError) as error:
        raise NoStreamError(
            f"{error.what} Over gRPC, {model!r} is streamed by ModelStreamInfer.",
            f"Stream it over REST, or write `streaming: true` under slipway:models.{model} and run "
            "`pulumi up`.",
        ) from error


class GrpcWire:
    """GRPCInferenceService on a channel."""

    def __init__(self, channel: GrpcChannel, model: str, version: int | None) -> None:
        self._channel, self._model, self._wanted = channel, model, version
        self._version = "" if version is None else str(version)

    def metadata(self, deadline: float) -> Metadata:
        """ModelMetadata, and ModelConfig if the server has it."""
        request = pb.messages().ModelMetadataRequest(name=self._model, version=self._version)
        answer = self._call("ModelMetadata", request, deadline)
        try:
            policy = policy_of(self._config(deadline, self._version))
        except (NoRouteError, NoSuchCallError):
            policy = Policy()
        sides = (
            [(tensor.name, tensor.datatype, tensor.shape) for tensor in tensors]
            for tensors in (answer.inputs, answer.outputs)
        )
        return metadata(self._model, self._wanted, answer.versions, *sides, policy=policy)

    def encode(self, inputs: Mapping[str, np.ndarray[Any, Any]], signature: Signature) -> bytes:
        """ModelInferRequest with raw tensors."""
        types = pb.messages()
        request = types.ModelInferRequest(model_name=self._model, model_version=self._version)
        raws = []
        for name, array in inputs.items():
            dtype = signature.inputs[name].dtype
            request.inputs.add(name=name, datatype=DATATYPES[dtype], shape=array.shape)
            raws.append(raw_bytes(array, dtype))
        field = types.ModelInferRequest.RAW_INPUT_CONTENTS_FIELD_NUMBER
        return wire_bytes.joined(request.SerializeToString(), field, raws)

    def exchange(self, request: bytes, deadline: float, *, idempotent: bool) -> bytes:
        """ModelInfer."""
        method = f"{_SERVICE}/ModelInfer"
        return self._channel.exchange(method, request, deadline, idempotent=idempotent)

    def stream(
        self, inputs: Mapping[str, np.ndarray[Any, Any]], signature: Signature, deadline: float
    ) -> Generator[Outputs, None, None]:
        """ModelStreamInfer with one request."""
        request = self.encode(inputs, signature)
        answers = self._channel.stream(f"{_SERVICE}/ModelStreamInfer", request, deadline)
        return self._streamed(answers, signature)

    def _streamed(
        self, answers: Generator[bytes, None, None], signature: Signature
    ) -> Generator[Outputs, None, None]:
        response = pb.messages().ModelStreamInferResponse
        with contextlib.closing(answers), _routed(self._model):
            for answer in answers:
                message: Any = self._channel.parse(answer, response)
                if error := message.error_message.strip().rstrip("."):
                    raise known_server_error(error) or ServerError(
                        f"The server ended the stream of {self._model!r}: {error}.",
                        "See the inputs against `client metadata`, and the server's log.",
                    )
                yield self.decode(message.infer_response.SerializeToString(), signature)

    def decode(self, answer: bytes, signature: Signature) -> Outputs:
        """ModelInferResponse with raw or typed tensors."""
        response = pb.messages().ModelInferResponse
        try:
            rest, raw = wire_bytes.split(answer, response.RAW_OUTPUT_CONTENTS_FIELD_NUMBER)
        except ValueError:
            rest, raw = answer, []  # the parser below reports the error
        message: Any = self._channel.parse(rest, response)
        if not raw:
            return {output.name: _typed(output) for output in message.outputs}
        if len(raw) != len(message.outputs):
            what = f"{len(raw)} raw tensors for {len(message.outputs)} outputs"
            raise unreadable(message.outputs[0].name if message.outputs else "", what)
        return {
            output.name: raw_array(tensor, output.name, output.datatype, tuple(output.shape))
            for output, tensor in zip(message.outputs, raw, strict=True)
        }

    def load_version(self, version: int, deadline: float) -> None:
        """RepositoryModelLoad with the model's own configuration and another version policy."""
        types = pb.messages()
        try:
            config = self._config(deadline)
        except ModelNotFoundError:  # no version is loaded
            load = types.RepositoryModelLoadRequest(model_name=self._model)
            self._call("RepositoryModelLoad", load, deadline)
            config = self._config(deadline)
        load = types.RepositoryModelLoadRequest(model_name=self._model)
        load.parameters["config"].string_param = json.dumps(with_version(config, version))
        self._call("RepositoryModelLoad", load, deadline)
        ready = types.ModelReadyRequest(name=self._model, version=str(version))
        if not self._call("ModelReady", ready, deadline).ready:
            raise ServerError(
                f"Version {version} of {self._model!r} was loaded, and is not ready.",
                "See the server's log.",
            )

    def _config(self, deadline: float, version: str = "") -> dict[str, Any]:
        request = pb.messages().ModelConfigRequest(name=self._model, version=version)
        config = self._call("ModelConfig", request, deadline).config
        fields: dict[str, Any] = MessageToDict(config, preserving_proto_field_name=True)
        return fields

    def _call(self, method: str, request: Any, deadline: float) -> Any:
        response = getattr(
            pb.messages(), f"{type(request).__name__.removesuffix('Request')}Response"
        )
        return self._channel.call(
            f"{_SERVICE}/{method}", request, response, deadline, idempotent=method in _READS
        )


def _typed(output: Any) -> np.ndarray[Any, Any]:
    shape = tuple(output.shape)
    try:
        if output.datatype == "BYTES":
            return objects(list(output.contents.bytes_contents)).reshape(shape)
        items = getattr(output.contents, _CONTENTS[output.datatype])
        dtype = next(name for name, value in DATATYPES.items() if value == output.datatype)
        return np.array(items, numpy_dtype(dtype)).reshape(shape)
    except KeyError:
        raise unreadable(output.name, f"datatype {output.datatype} without raw contents") from None
    except ValueError as error:
        raise unreadable(output.name, str(error)) from None
