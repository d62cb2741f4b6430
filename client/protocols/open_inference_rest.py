"""/v2/models on an HTTP connection: JSON, or JSON followed by raw tensors."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from client.contract import Outputs
from client.errors import (
    ClientError,
    ModelNotFoundError,
    NoRouteError,
    NoStreamError,
    ServerError,
)
from client.json_text import decode, encode, values
from client.protocols import open_inference_generate as generate
from client.protocols.open_inference_tensors import (
    DATATYPES,
    DTYPES,
    Policy,
    metadata,
    objects,
    policy_of,
    raw_array,
    raw_bytes,
    unreadable,
    with_version,
)
from client.rest_connection import Answer, RestConnection
from client.signature import Metadata, Signature, numpy_dtype

_INFER_SUFFIX = "/infer"
_HEAD_LENGTH = "Inference-Header-Content-Length"
# Servers have no common JSON form for these, so they are always sent raw.
_RAW_ONLY = ("float16", "bfloat16")


@dataclass(frozen=True)
class Request:
    """A body in parts, and its headers."""

    parts: list[bytes | memoryview]
    headers: dict[str, str]


class RestWire:
    """/v2/models/<model>[/versions/<version>]. binary: all tensors are raw. Otherwise only those that
    JSON cannot represent are: half-precision floats, and strings that are not UTF-8."""

    def __init__(
        self, connection: RestConnection, model: str, version: int | None, *, binary: bool
    ) -> None:
        self._connection, self._model, self._wanted = connection, model, version
        self._binary = binary
        self._model_path = connection.path.removesuffix(_INFER_SUFFIX)
        self._path = (
            self._model_path if version is None else f"{self._model_path}/versions/{version}"
        )

    def metadata(self, deadline: float) -> Metadata:
        """GET the model, and its configuration if the server has it."""
        answer = self._connection.call(self._path, None, deadline)
        try:
            policy = policy_of(self._connection.call(f"{self._path}/config", None, deadline))
        except (
            NoRouteError,
            ModelNotFoundError,
        ):  # the model exists, so the server lacks this call
            policy = Policy()
        except (KeyError, TypeError, AttributeError) as error:
            raise self._unexpected("a configuration", error) from error
        try:
            sides = [
                [(tensor["name"], tensor["datatype"], tensor["shape"]) for tensor in answer[side]]
                for side in ("inputs", "outputs")
            ]
            versions = answer.get("versions") or []
            return metadata(self._model, self._wanted, versions, *sides, policy=policy)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._unexpected("metadata", error) from error

    def encode(self, inputs: Mapping[str, np.ndarray[Any, Any]], signature: Signature) -> Request:
        """The JSON, followed by the raw tensors in the same order."""
        entries, raws = [], []
        for name, array in inputs.items():
            dtype = signature.inputs[name].dtype
            entry: dict[str, Any] = {
                "name": name,
                "shape": array.shape,
                "datatype": DATATYPES[dtype],
            }
            data = None if self._binary else _json_data(array, dtype)
            if data is None:
                raw = raw_bytes(array, dtype)
                entry["parameters"] = {"binary_data_size": len(raw)}
                raws.append(raw)
            else:
                entry["data"] = data
            entries.append(entry)
        head = encode({"inputs": entries, **self._outputs(signature)})
        headers = {}
        if raws:
            headers = {"Content-Type": "application/octet-stream", _HEAD_LENGTH: str(len(head))}
        return Request([head, *raws], headers)

    def exchange(self, request: Request, deadline: float, *, idempotent: bool) -> Answer:
        """POST .../infer."""
        return self._connection.exchange(
            self._path + _INFER_SUFFIX,
            request.parts,
            deadline,
            request.headers,
            idempotent=idempotent,
        )

    def stream(
        self, inputs: Mapping[str, np.ndarray[Any, Any]], signature: Signature, deadline: float
    ) -> Generator[Outputs, None, None]:
        """POST .../generate_stream, which has another JSON format and no raw tensors."""
        if self._binary:
            raise NoStreamError(
                "There are no streams over rest-binary: generate_stream takes and gives JSON.",
                "Stream over grpc (raw tensors) or rest.",
            )
        sent = [signature.inputs[name] for name in inputs]
        for spec in (*sent, *signature.outputs.values()):
            if spec.dtype in _RAW_ONLY:
                raise NoStreamError(
                    f"{spec.name!r} has dtype {spec.dtype}, which the JSON of generate_stream cannot"
                    " hold.",
                    "Stream over grpc.",
                )
        body = generate.request(inputs, signature)
        answers = self._connection.stream(f"{self._path}/generate_stream", [body], deadline)
        return self._streamed(answers, signature)

    def _streamed(
        self, answers: Generator[bytes, None, None], signature: Signature
    ) -> Generator[Outputs, None, None]:
        with contextlib.closing(answers):
            for answer in answers:
                try:
                    yield generate.outputs(answer, signature)
                except (TypeError, ValueError, AttributeError) as error:
                    raise self._unexpected("an answer of a stream", error) from error

    def decode(self, answer: Answer, signature: Signature) -> Outputs:
        """The arrays of `outputs`. The server chooses for each whether it is raw or JSON."""
        try:
            data = memoryview(answer.data)
            at = int(answer.headers.get(_HEAD_LENGTH, len(data)))
            arrays = {}
            for output in decode(data[:at])["outputs"]:
                name, datatype = output["name"], output["datatype"]
                shape = tuple(int(size) for size in output["shape"])
                size = (output.get("parameters") or {}).get("binary_data_size")
                if size is None:
                    arrays[name] = _from_json(output["data"], name, datatype, shape)
                else:
                    arrays[name] = raw_array(data[at : at + size], name, datatype, shape)
                    at += size
            return arrays
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._unexpected("a prediction", error) from error

    def load_version(self, version: int, deadline: float) -> None:
        """POST /v2/repository/models/<model>/load with the model's own configuration and another
        version policy."""
        path = f"/v2/repository/models/{self._model}/load"
        try:
            config = self._connection.call(f"{self._model_path}/config", None, deadline)
        except ModelNotFoundError:  # no version is loaded
            self._connection.exchange(path, [b"{}"], deadline)
            config = self._connection.call(f"{self._model_path}/config", None, deadline)
        override = json.dumps(with_version(config, version))
        body = encode({"parameters": {"config": override}})
        self._connection.exchange(path, [body], deadline)
        self._connection.exchange(f"{self._model_path}/versions/{version}/ready", None, deadline)

    def _outputs(self, signature: Signature) -> dict[str, Any]:
        """The fields of a request that ask for raw or JSON outputs."""
        if self._binary:
            return {"parameters": {"binary_data_output": True}}
        if not any(spec.dtype in _RAW_ONLY for spec in signature.outputs.values()):
            return {}
        return {
            "outputs": [
                {"name": name, "parameters": {"binary_data": spec.dtype in _RAW_ONLY}}
                for name, spec in signature.outputs.items()
            ]
        }

    def _unexpected(self, what: str, error: Exception) -> ClientError:
        return ServerError(
            f"{self._connection.target}{self._path} answered something that is not {what} of the"
            f" Open Inference Protocol ({type(error).__name__}: {error}).",
            "See that the endpoint's `rest.url` points to the model.",
        )


def _json_data(array: np.ndarray[Any, Any], dtype: str) -> Any:
    """All values in one list, or None if JSON cannot represent them."""
    if dtype in _RAW_ONLY:
        return None
    if dtype != "string":
        return values(array.reshape(-1))
    try:
        return [item.decode() for item in array.ravel()]
    except UnicodeDecodeError:
        return None


def _from_json(data: Any, name: str, datatype: str, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    if datatype not in DTYPES:
        raise unreadable(name, f"datatype {datatype}")
    if datatype != "BYTES":
        return np.array(data, numpy_dtype(DTYPES[datatype])).reshape(shape)
    flat = np.array(data, dtype=object).ravel()
    return objects([str(item).encode() for item in flat]).reshape(shape)
