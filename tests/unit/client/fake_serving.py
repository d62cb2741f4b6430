"""A fake TensorFlow Serving behind a gateway, in this process: gRPC and REST over TLS on loopback."""

import http.server
import json
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import trustme
from tensorflow.core.framework import tensor_shape_pb2, types_pb2
from tensorflow_serving.apis import get_model_metadata_pb2, predict_pb2

UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


class Refusal(Exception):
    """A gRPC status to answer with."""

    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        super().__init__(details)
        self.code, self.details = code, details


def half_plus_two(request: predict_pb2.PredictRequest) -> predict_pb2.PredictResponse:
    import numpy as np

    x = np.frombuffer(request.inputs["x"].tensor_content, "<f4")
    answer = predict_pb2.PredictResponse()
    answer.outputs["y"].dtype = types_pb2.DT_FLOAT
    answer.outputs["y"].tensor_shape.dim.add(size=len(x))
    answer.outputs["y"].float_val.extend((x / 2 + 2).tolist())
    return answer


class FakeServing:
    """`inputs` and `outputs`: name -> (DataType name, sizes with -1 for open). `answer` returns the
    PredictResponse to a PredictRequest, or raises Refusal."""

    def __init__(self, name: str = "half_plus_two") -> None:
        self.name = name
        self.inputs = {"x": ("DT_FLOAT", [-1])}
        self.outputs = {"y": ("DT_FLOAT", [-1])}
        self.signature = "serving_default"
        self.answer: Callable[[Any], Any] = half_plus_two
        self.requests: list[Any] = []
        self.paths: list[str] = []
        self.authorities: list[str] = []

    def metadata(self, request: Any) -> Any:
        if request.model_spec.name != self.name:
            raise Refusal(
                grpc.StatusCode.NOT_FOUND,
                f"Servable not found for request: Latest({request.model_spec.name})",
            )
        signatures = get_model_metadata_pb2.SignatureDefMap()
        signatures.signature_def["__saved_model_init_op"].outputs["init"].dtype = 0
        signature = signatures.signature_def[self.signature]
        for side, specs in ((signature.inputs, self.inputs), (signature.outputs, self.outputs)):
            for name, (dtype, sizes) in specs.items():
                dims = [tensor_shape_pb2.TensorShapeProto.Dim(size=size) for size in sizes]
                side[name].dtype = types_pb2.DataType.Value(dtype)
                side[name].tensor_shape.dim.extend(dims)
        answer = get_model_metadata_pb2.GetModelMetadataResponse()
        answer.model_spec.version.value = request.model_spec.version.value or 1
        answer.metadata["signature_def"].Pack(signatures)
        return answer

    def predict(self, request: Any) -> Any:
        self.requests.append(request)
        return self.answer(request)


class GrpcGateway(grpc.GenericRpcHandler):
    """Serves `serving` at `prefix` only."""

    def __init__(self, serving: FakeServing, leaf: trustme.LeafCert | None, prefix: str) -> None:
        self._serving, self._prefix = serving, prefix
        self._server = grpc.server(ThreadPoolExecutor(4), options=UNLIMITED)
        self._server.add_generic_rpc_handlers((self,))
        self.port = (
            self._server.add_secure_port("127.0.0.1:0", _credentials(leaf))
            if leaf
            else self._server.add_insecure_port("127.0.0.1:0")
        )
        self.target = f"127.0.0.1:{self.port}"
        self._server.start()

    def stop(self) -> None:
        self._server.stop(None).wait()

    def service(self, details: Any) -> Any:
        self._serving.paths.append(details.method)
        base = f"{self._prefix}/tensorflow.serving.PredictionService"
        if details.method == f"{base}/Predict":
            return self._handler(self._serving.predict, predict_pb2.PredictRequest)
        if details.method == f"{base}/GetModelMetadata":
            return self._handler(
                self._serving.metadata, get_model_metadata_pb2.GetModelMetadataRequest
            )
        return None

    def _handler(self, answer: Callable[[Any], Any], request: Any) -> Any:
        def run(message: Any, context: Any) -> Any:
            self._serving.authorities.append(context._rpc_event.call_details.host.decode())
            try:
                return answer(message)
            except Refusal as refusal:
                context.abort(refusal.code, refusal.details)

        return grpc.unary_unary_rpc_method_handler(
            run, request.FromString, lambda message: message.SerializeToString()
        )


def _credentials(leaf: trustme.LeafCert) -> Any:
    chain = b"".join(pem.bytes() for pem in leaf.cert_chain_pems)
    return grpc.ssl_server_credentials([(leaf.private_key_pem.bytes(), chain)])


class RestGateway:
    """An HTTPS server (HTTP without `leaf`). `answers`: path -> (status, body, header...), or a function
    of the posted JSON. `seen` records path, Host and body of each request, `snis` each SNI."""

    def __init__(self, leaf: trustme.LeafCert | None) -> None:
        self.answers: dict[str, Any] = {}
        self.seen: list[tuple[str, str | None, Any]] = []
        self.snis: list[str | None] = []
        gateway = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                gateway._answer(self, None)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                gateway._answer(self, json.loads(body))

            def log_message(self, *_: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if leaf:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            leaf.configure_cert(context)
            context.sni_callback = lambda _socket, name, _context: self.snis.append(name)
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.port = self._server.server_address[1]
        self.target = f"127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, handler: Any, body: Any) -> None:
        self.seen.append((handler.path, handler.headers["Host"], body))
        answer = self.answers.get(handler.path, (404, "404 page not found\n"))
        status, text, *headers = answer(body) if callable(answer) else answer
        data = text.encode() if isinstance(text, str) else json.dumps(text).encode()
        handler.send_response(status)
        for name, value in headers:
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)


def rest_metadata(dtype: str = "DT_FLOAT", sizes: tuple[int, ...] = (-1,)) -> dict[str, Any]:
    """The metadata as the real server prints it, with 64-bit numbers as strings."""
    shape = {"dim": [{"size": str(size), "name": ""} for size in sizes], "unknown_rank": False}
    tensor = {"dtype": dtype, "tensor_shape": shape, "name": "x:0"}
    signature = {
        "inputs": {"x": tensor},
        "outputs": {"y": tensor},
        "method_name": "tensorflow/serving/predict",
    }
    return {
        "model_spec": {"name": "half_plus_two", "signature_name": "", "version": "1"},
        "metadata": {"signature_def": {"signature_def": {"serving_default": signature}}},
    }
