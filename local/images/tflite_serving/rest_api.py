"""The REST API: https://www.tensorflow.org/tfx/serving/api_rest."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

import grpc
import waitress
from google.protobuf import json_format

from . import answers, rest_json
from .errors import ServingError, invalid
from .flags import Options
from .manager import Manager
from .messages import (
    GetModelMetadataRequest,
    GetModelStatusRequest,
    ModelSpec,
    SignatureDefMap,
)

_ANY = re.compile(r"/v1/.*", re.IGNORECASE)
_VERSION = r"(?:/versions/(?P<version>\d+)|/labels/(?P<label>[^/:]+))?"
_POST = re.compile(
    rf"/v1/models/(?P<name>[^/:]+){_VERSION}:(?P<verb>classify|regress|predict)", re.IGNORECASE
)
_GET = re.compile(
    rf"/v1/models(?:/(?P<name>[^/:]+))?{_VERSION}(?P<metadata>/metadata)?", re.IGNORECASE
)

#: gRPC's status code → HTTP's, as in the real server's http_server.cc; 500 for all others.
_HTTP: dict[grpc.StatusCode, int] = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.FAILED_PRECONDITION: 400,
    grpc.StatusCode.OUT_OF_RANGE: 400,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.UNIMPLEMENTED: 501,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
}

#: The largest request in bytes; the real server has no limit.
MAX_BODY = 1 << 40

_CORS = [
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Methods", "POST, GET"),
    ("Access-Control-Allow-Headers", "Content-Type"),
]


class RestApi:
    """A WSGI application over `manager`."""

    def __init__(self, manager: Manager, options: Options) -> None:
        self._manager = manager
        self._headers = _CORS if options.rest_api_enable_cors_support else []

    def __call__(
        self, environ: Mapping[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        # Not PATH_INFO, which is decoded: there a slash in a name looks like a separator.
        path = str(environ.get("REQUEST_URI") or environ["PATH_INFO"]).partition("?")[0]
        method = str(environ["REQUEST_METHOD"])
        if not _ANY.fullmatch(path):
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"Not Found"]
        status = HTTPStatus.OK
        try:
            body = b"" if method == "OPTIONS" else self._answer(method, path, environ)
        except ServingError as error:
            status = HTTPStatus(_HTTP.get(error.code, 500))
            body = rest_json.write_error(error)
        headers = [("Content-Type", "application/json"), *self._headers]
        start_response(f"{status.value} {status.phrase}", headers)
        return [body]

    def _answer(self, method: str, path: str, environ: Mapping[str, Any]) -> bytes:
        pattern = {"POST": _POST, "GET": _GET}.get(method)
        match = pattern.fullmatch(path) if pattern else None
        if match is None:
            raise invalid(f"Malformed request: {method} {path}")
        spec = _spec(match)
        if method == "POST":
            if match["verb"].lower() != "predict":
                raise ServingError(
                    grpc.StatusCode.UNIMPLEMENTED,
                    f"{match['verb']} is not supported by this stand-in: use predict",
                )
            return self._predict(spec, environ["wsgi.input"].read())
        if not spec.name:
            raise invalid("Missing model name in request.")
        if match["metadata"]:
            return self._metadata(spec)
        response = answers.status(self._manager, GetModelStatusRequest(model_spec=spec))
        text = str(
            json_format.MessageToJson(response, indent=1, always_print_fields_with_no_presence=True)
        )
        return text.encode()

    def _predict(self, spec: Any, body: bytes) -> bytes:
        def inputs_of(signature: str) -> Mapping[str, Any]:
            model, _ = self._manager.find(spec)
            name = signature or answers.DEFAULT_SIGNATURE
            if name not in model.signatures:
                raise invalid(f'Serving signature name: "{name}" not found in signature def')
            inputs: Mapping[str, Any] = model.signatures[name].inputs
            return inputs

        request, rows = rest_json.read_request(body, inputs_of)
        request.model_spec.MergeFrom(spec)
        # As content: in the types' own fields values would become Python numbers of 32 bytes each.
        answer = answers.predict(self._manager, request, as_content=True)
        return rest_json.write_response(answer, rows)

    def _metadata(self, spec: Any) -> bytes:
        request = GetModelMetadataRequest(model_spec=spec, metadata_field=[answers.SIGNATURE_DEF])
        response = answers.metadata(self._manager, request)
        signatures = SignatureDefMap()
        response.metadata[answers.SIGNATURE_DEF].Unpack(signatures)
        parts = [
            json_format.MessageToJson(
                message,
                preserving_proto_field_name=True,
                always_print_fields_with_no_presence=True,
            )
            for message in (response.model_spec, signatures)
        ]
        text = f'{{\n"model_spec":{parts[0]},\n"metadata": {{"signature_def": {parts[1]}}}\n}}\n'
        return text.encode()


def _spec(match: re.Match[str]) -> Any:
    spec = ModelSpec(name=unquote(match["name"] or ""))
    if match["version"]:
        version = int(match["version"])
        if version >= 1 << 63:
            raise invalid(f"Failed to convert version: {version} to numeric.")
        spec.version.value = version
    if match["label"]:
        spec.version_label = unquote(match["label"])
    return spec


class RestServer:
    """The REST API on its port. Raises OSError if the port is in use."""

    def __init__(self, manager: Manager, options: Options) -> None:
        self._server = waitress.create_server(
            RestApi(manager, options),
            host="0.0.0.0",
            port=options.rest_api_port,
            threads=options.rest_api_num_threads,
            max_request_body_size=MAX_BODY,
            ident="",
            clear_untrusted_proxy_headers=True,
        )
        self._thread = threading.Thread(target=self._server.run, name="rest", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the running requests and close the port."""
        self._server.task_dispatcher.shutdown()
        self._server.close()
