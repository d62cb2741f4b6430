"""The HTTP side of the server in `fake_triton.py`."""

import http.server
import json
import math
import struct
from collections.abc import Iterator
from typing import Any

import grpc
import numpy as np

from tests.unit.client.fake_serving import Refusal

_KINDS = [(kind, bits) for kind in ("INT", "UINT") for bits in (8, 16, 32, 64)]
NUMPY = {f"{kind}{bits}": f"<{kind[0].lower()}{bits // 8}" for kind, bits in _KINDS}
NUMPY |= {"FP16": "<f2", "FP32": "<f4", "FP64": "<f8", "BOOL": "?", "BF16": "<u2"}
HEAD = "Inference-Header-Content-Length"


class Missing(Exception):
    """An unknown path, to which MLServer answers as FastAPI does."""


_STATUS = {grpc.StatusCode.NOT_FOUND: 404, grpc.StatusCode.UNAVAILABLE: 503}


def handler(fake: Any) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self.respond(b"")

        def do_POST(self) -> None:
            self.respond(self.rfile.read(int(self.headers["Content-Length"])))

        def log_message(self, *_: Any) -> None:
            pass

        def respond(self, body: bytes) -> None:
            fake.paths.append(self.path)
            if self.path.endswith("/generate_stream"):
                if fake.routed:
                    self.stream(body)
                else:
                    self.send_error(404)
                return
            try:
                status, head, raws = 200, *_http(fake, self.path, body, dict(self.headers))
            except Missing:
                status, head, raws = 404, {"detail": "Not Found"}, b""
            except Refusal as refusal:
                status, head, raws = _STATUS.get(refusal.code, 400), {"error": refusal.details}, b""
            text = json.dumps(head).encode() if head is not None else b""
            self.send_response(status)
            if raws:
                self.send_header(HEAD, str(len(text)))
            self.send_header("Content-Length", str(len(text) + len(raws)))
            self.end_headers()
            self.wfile.write(text + raws)

        def stream(self, body: bytes) -> None:
            """Sends each answer as a chunk. The first one decides the status."""
            started = False
            try:
                for outputs in _generated(fake, self.path, body):
                    self.event(200, outputs, first=not started)
                    started = True
            except Refusal as refusal:
                self.event(400, {"error": refusal.details}, first=not started)
            except OSError:
                fake.abandoned.set()
                return
            if not started:
                self.head(200)
            self.wfile.write(b"0\r\n\r\n")

        def head(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "text/event-stream; charset=utf-8")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()

        def event(self, status: int, data: Any, *, first: bool) -> None:
            if first:
                self.head(status)
            text = f"data: {json.dumps(data)}\n\n".encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(text), text))

    return Handler


def _generated(fake: Any, path: str, body: bytes) -> Iterator[dict[str, Any]]:
    """The JSON of each answer of generate_stream."""
    parts = path.removeprefix(fake.prefix).split("/")[1:]
    fake.check(parts[2], parts[4] if "versions" in parts else "")
    request = json.loads(body)
    fake.requests.append((request, b"", {}))
    inputs = {}
    for name, value in request.items():
        datatype, shape = fake.inputs[name]
        values = value if isinstance(value, list) else [value]
        inputs[name] = (datatype, _inferred(shape, len(values)), _raw(datatype, values))
    for outputs in fake.stream(inputs):
        values = {name: _listed(kind, raw) for name, (kind, _, raw) in outputs.items()}
        stripped = {name: each[0] if len(each) == 1 else each for name, each in values.items()}
        yield {"model_name": fake.name, "model_version": "1", **stripped}


def _inferred(shape: list[int], size: int) -> list[int]:
    """The shape that Triton infers for `size` values: all open dimensions but the last are 1."""
    sizes = list(shape)
    rest = size // math.prod(each for each in shape if each != -1)
    for at in reversed(range(len(shape))):
        if shape[at] == -1:
            sizes[at], rest = rest, 1
    if math.prod(sizes) != size:
        raise Refusal(
            grpc.StatusCode.INVALID_ARGUMENT, "The schema can not convert input to tensor"
        )
    return sizes


def _http(fake: Any, path: str, body: bytes, headers: dict[str, str]) -> tuple[Any, bytes]:
    """The JSON and the raw tensors of an answer."""
    parts = path.removeprefix(fake.prefix).split("/")[1:]
    if parts[:3] == ["v2", "repository", "models"]:
        parameters = json.loads(body).get("parameters", {})
        fake.load(parts[3], parameters.get("config"))
        return None, b""
    name, verb = parts[2], parts[-1]
    version = parts[4] if "versions" in parts else ""
    fake.check(name, version)
    if verb == "config":
        if not fake.configurable:
            raise Missing
        return fake.config(), b""
    if verb == "ready":
        return None, b""
    if verb != "infer":
        sides = {
            side: [{"name": key, "datatype": kind, "shape": shape} for key, (kind, shape) in specs]
            for side, specs in (("inputs", fake.inputs.items()), ("outputs", fake.outputs.items()))
        }
        return {"name": name, "versions": fake.versions, "platform": "python", **sides}, b""
    return _infer(fake, body, headers)


def _infer(fake: Any, body: bytes, headers: dict[str, str]) -> tuple[Any, bytes]:
    fake.refuse_if_decoupled("HTTP end point")
    at = int(headers.get(HEAD, len(body)))
    request = json.loads(body[:at])
    fake.requests.append((request, body[at:], headers))
    inputs = {}
    for tensor in request["inputs"]:
        datatype, shape = tensor["datatype"], tensor["shape"]
        if "data" in tensor:
            inputs[tensor["name"]] = (datatype, shape, _raw(datatype, tensor["data"]))
        else:
            size = tensor["parameters"]["binary_data_size"]
            inputs[tensor["name"]] = (datatype, shape, body[at : at + size])
            at += size
    assert at == len(body), "bytes that no tensor names"
    everything = request.get("parameters", {}).get("binary_data_output", False)
    wants_raw = {
        output["name"]: output.get("parameters", {}).get("binary_data", everything)
        for output in request.get("outputs", [])
    }
    outputs, raws = [], b""
    for name, (datatype, shape, raw) in fake.execute(inputs).items():
        output: dict[str, Any] = {"name": name, "datatype": datatype, "shape": shape}
        if wants_raw.get(name, everything):
            output["parameters"] = {"binary_data_size": len(raw)}
            raws += raw
        else:
            output["data"] = _listed(datatype, raw)
        outputs.append(output)
    return {"model_name": fake.name, "outputs": outputs}, raws


def _raw(datatype: str, data: list[Any]) -> bytes:
    if datatype == "BYTES":
        return b"".join(struct.pack("<I", len(item.encode())) + item.encode() for item in data)
    return np.array(data, NUMPY[datatype]).tobytes()


def _listed(datatype: str, raw: bytes) -> list[Any]:
    if datatype != "BYTES":
        assert datatype not in ("FP16", "BF16"), "has no JSON form"
        return list(np.frombuffer(raw, NUMPY[datatype]).tolist())
    items = []
    while raw:
        (size,) = struct.unpack_from("<I", raw)
        items.append(raw[4 : 4 + size].decode())
        raw = raw[4 + size :]
    return items
