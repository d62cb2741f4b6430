"""A fake server of the Open Inference Protocol v2 in this process, over gRPC and HTTP on loopback. It
implements Triton's extensions for raw tensors, streams and its model repository as documented.

A tensor is always (datatype, shape, raw bytes) here, whatever its form in a message.
"""

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import numpy as np

from client.protocols.open_inference_messages import messages
from tests.unit.client.fake_serving import UNLIMITED, Refusal
from tests.unit.client.fake_triton_http import handler

Tensor = tuple[str, list[int], bytes]
NO_LOADING = "explicit model load / unload is not allowed if polling is enabled"


def echo(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    return {"y": inputs["x"]}


class FakeTriton:
    """Serves the model `name` with the path prefix `prefix`. `inputs` and `outputs`: name -> (datatype,
    shape with -1 for open). `requests` records ModelInferRequests and (JSON, raw bytes, headers). A
    `decoupled` model answers only streams, with what `answers` yields. `abandoned` is set when a
    client closes a stream before its end. Without `configurable` the server lacks the call for the
    model's configuration, without `routed` the one for streams."""

    def __init__(self, name: str = "scorer", prefix: str = "/scorer") -> None:
        self.name, self.prefix = name, prefix
        self.inputs = {"x": ("FP32", [-1, 2])}
        self.outputs = {"y": ("FP32", [-1, 2])}
        self.versions = ["1", "2"]
        self.stored = {"1", "2", "3"}
        self.explicit = True
        self.typed = False
        self.optional: set[str] = set()
        self.configurable = self.routed = True
        self.decoupled = False
        self.abandoned = threading.Event()
        self.answer: Callable[[dict[str, Tensor]], dict[str, Tensor]] = echo
        self.answers: Callable[[dict[str, Tensor]], Iterator[dict[str, Tensor]]] = self._one
        self.requests: list[Any] = []
        self.paths: list[str] = []
        self.loads: list[dict[str, Any] | None] = []
        self._grpc = _Grpc(self)
        self._server = grpc.server(ThreadPoolExecutor(4), options=UNLIMITED)
        self._server.add_generic_rpc_handlers((self._grpc,))
        self.grpc_port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()
        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler(self))
        self._http.daemon_threads = True
        self.http_port = self._http.server_address[1]
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self._server.stop(None).wait()
        self._http.shutdown()
        self._http.server_close()

    def check(self, name: str, version: str) -> None:
        if name != self.name:
            raise Refusal(
                grpc.StatusCode.NOT_FOUND, f"Request for unknown model: '{name}' is not found"
            )
        if not self.versions or (version and version not in self.versions):
            raise Refusal(
                grpc.StatusCode.UNAVAILABLE,
                f"Request for unknown model: '{name}' version {version} is not at ready state",
            )

    def load(self, name: str, config: str | None) -> None:
        if not self.explicit:
            raise Refusal(grpc.StatusCode.UNAVAILABLE, NO_LOADING)
        wanted = {max(self.stored)}
        self.loads.append(json.loads(config) if config else None)
        if config:
            policy = json.loads(config)["version_policy"]["specific"]["versions"]
            wanted = {str(version) for version in policy}
        if not wanted <= self.stored:
            raise Refusal(
                grpc.StatusCode.INVALID_ARGUMENT,
                f"load failed for model '{name}': at least one version must be available",
            )
        self.versions = sorted(wanted)

    def config(self) -> dict[str, Any]:
        inputs = [
            {"name": name, "data_type": f"TYPE_{kind}", "optional": name in self.optional}
            for name, (kind, _) in self.inputs.items()
        ]
        return {
            "name": self.name,
            "backend": "python",
            "version_policy": {"latest": {}},
            "input": inputs,
            "model_transaction_policy": {"decoupled": self.decoupled},
        }

    def execute(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        self._check_names(inputs)
        return self.answer(inputs)

    def stream(self, inputs: dict[str, Tensor]) -> Iterator[dict[str, Tensor]]:
        self._check_names(inputs)
        return self.answers(inputs)

    def refuse_if_decoupled(self, what: str) -> None:
        if self.decoupled:
            raise Refusal(
                grpc.StatusCode.UNIMPLEMENTED,
                f"{what} doesn't support models with decoupled transaction policy",
            )

    def _one(self, inputs: dict[str, Tensor]) -> Iterator[dict[str, Tensor]]:
        yield self.answer(inputs)

    def _check_names(self, inputs: dict[str, Tensor]) -> None:
        wanted = set(self.inputs) - self.optional
        if not wanted <= set(inputs) <= set(self.inputs):
            raise Refusal(
                grpc.StatusCode.INVALID_ARGUMENT,
                f"expected {len(wanted)} inputs but got {len(inputs)} inputs for '{self.name}'",
            )


class _Grpc(grpc.GenericRpcHandler):
    def __init__(self, fake: FakeTriton) -> None:
        self.fake, self.pb = fake, messages()

    def service(self, details: Any) -> Any:
        self.fake.paths.append(details.method)
        base, _, method = details.method.rpartition("/")
        answer = getattr(self, method, None)
        if base != f"{self.fake.prefix}/inference.GRPCInferenceService" or answer is None:
            return None
        if method == "ModelConfig" and not self.fake.configurable:
            return None
        if method == "ModelStreamInfer":
            if not self.fake.routed:
                return None
            return grpc.stream_stream_rpc_method_handler(
                answer,
                self.pb.ModelInferRequest.FromString,
                lambda message: message.SerializeToString(),
            )
        name = "RepositoryModelLoadRequest" if "Load" in method else f"{method}Request"

        def run(request: Any, context: Any) -> Any:
            try:
                return answer(request)
            except Refusal as refusal:
                context.abort(refusal.code, refusal.details)

        return grpc.unary_unary_rpc_method_handler(
            run, getattr(self.pb, name).FromString, lambda message: message.SerializeToString()
        )

    def ModelMetadata(self, request: Any) -> Any:
        self.fake.check(request.name, request.version)
        answer = self.pb.ModelMetadataResponse(name=request.name, versions=self.fake.versions)
        for side, specs in ((answer.inputs, self.fake.inputs), (answer.outputs, self.fake.outputs)):
            for name, (datatype, shape) in specs.items():
                side.add(name=name, datatype=datatype, shape=shape)
        return answer

    def ModelReady(self, request: Any) -> Any:
        return self.pb.ModelReadyResponse(ready=request.version in self.fake.versions)

    def ModelInfer(self, request: Any) -> Any:
        self.fake.refuse_if_decoupled("ModelInfer RPC")
        return self._message(self.fake.execute(self._inputs(request)))

    def ModelStreamInfer(self, requests: Any, _: Any) -> Any:
        for request in requests:
            try:
                for outputs in self.fake.stream(self._inputs(request)):
                    yield self.pb.ModelStreamInferResponse(infer_response=self._message(outputs))
            except GeneratorExit:  # grpc closes the generator when the client has cancelled
                self.fake.abandoned.set()
                raise
            except Refusal as refusal:
                yield self.pb.ModelStreamInferResponse(error_message=refusal.details)

    def _inputs(self, request: Any) -> dict[str, Tensor]:
        self.fake.check(request.model_name, request.model_version)
        self.fake.requests.append(request)
        return {
            tensor.name: (tensor.datatype, list(tensor.shape), raw)
            for tensor, raw in zip(request.inputs, request.raw_input_contents, strict=True)
        }

    def _message(self, outputs: dict[str, Tensor]) -> Any:
        answer = self.pb.ModelInferResponse(model_name=self.fake.name)
        for name, (datatype, shape, raw) in outputs.items():
            output = answer.outputs.add(name=name, datatype=datatype, shape=shape)
            if self.fake.typed:
                output.contents.fp32_contents.extend(np.frombuffer(raw, "<f4"))
            else:
                answer.raw_output_contents.append(raw)
        return answer

    def ModelConfig(self, request: Any) -> Any:
        self.fake.check(request.name, request.version)
        answer = self.pb.ModelConfigResponse()
        answer.config.name, answer.config.backend = self.fake.name, "python"
        answer.config.version_policy.latest.num_versions = 1
        answer.config.model_transaction_policy.decoupled = self.fake.decoupled
        for name in self.fake.inputs:
            answer.config.input.add(name=name, optional=name in self.fake.optional)
        return answer

    def RepositoryModelLoad(self, request: Any) -> Any:
        self.fake.load(request.model_name, request.parameters["config"].string_param or None)
        return self.pb.RepositoryModelLoadResponse()
