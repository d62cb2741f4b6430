"""Hostile requests to the gateway of a stack.

Run with the client's interpreter: `attacks.py <outputs.json> <attack> [argument…]`. Prints the
gateway's answers as JSON. All requests go to the gateway's address, and their number and time are
bounded.
"""

from __future__ import annotations

import json
import os
import select
import socket
import ssl
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # otherwise it logs each closed connection
import grpc
from tensorflow.core.framework import types_pb2
from tensorflow_serving.apis import predict_pb2

from client.outputs import find_endpoint, parse_outputs
from client.trust import ssl_context

#: Seconds for one call, which may send 1,500 MiB on a busy machine.
DEADLINE = 120.0
#: Seconds without data after which a connection counts as kept open.
IDLE = 15.0
MEBIBYTE = 2**20

stack = parse_outputs(json.loads(Path(sys.argv[1]).read_text()))


def channel(model: str) -> tuple[grpc.Channel, str]:
    """A new connection to the gateway, and the model's path prefix."""
    address = find_endpoint(stack, model).grpc
    assert address is not None and stack.ca_certificate is not None
    options = [
        ("grpc.default_authority", address.authority),
        ("grpc.enable_http_proxy", 0),
        ("grpc.enable_retries", 0),
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.max_send_message_length", -1),
        ("grpc.max_receive_message_length", -1),
    ]
    credentials = grpc.ssl_channel_credentials(stack.ca_certificate.encode())
    return grpc.secure_channel(address.target, credentials, options), address.path


def status(call: Callable[[], Any]) -> str:
    """The call's gRPC status, followed by the HTTP status if the gateway answered it."""
    try:
        call()
    except grpc.RpcError as error:
        words = str(error.details()).split("status: ")
        return error.code().name + (f" {words[1][:3]}" if len(words) == 2 else "")
    return "OK"


def method(model: str, path: str, message: str = "", size: str = "0", packed: str = "") -> str:
    """Call a unary method with `message` (hexadecimal), or with `size` zero bytes."""
    opened, prefix = channel(model)
    compression = grpc.Compression.Gzip if packed else None
    request = bytes.fromhex(message) or bytes(int(size))
    with opened:
        unary = opened.unary_unary(prefix + path)
        return status(lambda: unary(request, timeout=DEADLINE, compression=compression))


def filled(model: str, elements: str) -> str:
    """Send a PredictRequest whose tensor has `elements` elements and one value for all of them."""
    request = predict_pb2.PredictRequest()
    request.model_spec.name = model
    tensor = request.inputs["x"]
    tensor.dtype = types_pb2.DT_FLOAT
    tensor.tensor_shape.dim.add(size=int(elements))
    tensor.float_val.append(4)
    path = "/tensorflow.serving.PredictionService/Predict"
    return method(model, path, request.SerializeToString().hex())


def methods(model: str, *paths: str) -> dict[str, str]:
    """Call each method with an empty message; returns their statuses."""
    return {path: method(model, path) for path in paths}


def withheld(
    model: str, path: str, connections: str, streams: str, headers: str, body: str
) -> dict[str, int]:
    """Open `streams` calls on each of `connections`, with `headers` bytes of headers and the first
    `body` bytes of a body, and keep them open for ten seconds. Returns the number of calls that
    ended, by status."""
    finished = threading.Event()
    metadata = [("x-padding", "a" * int(headers))] if int(headers) else None

    def requests() -> Iterator[bytes]:
        yield bytes(int(body))
        finished.wait(20)

    counts: dict[str, int] = {}
    channels, calls = [], []
    for _ in range(int(connections)):
        opened, prefix = channel(model)
        channels.append(opened)
        upload = opened.stream_unary(prefix + path)
        calls += [
            upload.future(requests(), timeout=DEADLINE, metadata=metadata)
            for _ in range(int(streams))
        ]
    threading.Event().wait(10)
    for call in calls:
        if call.done():
            ended = status(call.result)
            counts[ended] = counts.get(ended, 0) + 1
    finished.set()
    for opened in channels:
        opened.close()
    return counts


def raw(request: bytes) -> dict[str, Any]:
    """Send the bytes `request` over TLS. Returns the first line of the answer, and whether the
    gateway then closes the connection."""
    address = next(iter(stack.endpoints.values())).grpc
    assert address is not None
    host, _, port = address.target.rpartition(":")
    context: ssl.SSLContext = ssl_context(stack.ca_certificate)
    with (
        socket.create_connection((host, int(port)), 10) as plain,
        context.wrap_socket(plain, server_hostname=address.authority) as connection,
    ):
        answer, closed = _exchanged(connection, memoryview(request))
    return {"line": answer.split(b"\r\n")[0].decode("latin-1"), "closed": closed}


def _exchanged(connection: ssl.SSLSocket, unsent: memoryview) -> tuple[bytes, bool]:
    """Send `unsent`. Returns the first part of the answer, which may come before everything is
    sent, and whether the other end closes the connection. In one thread, since two cannot read and
    write a TLS connection at once."""
    connection.setblocking(False)
    answer = b""
    not_ready = (ssl.SSLWantReadError, ssl.SSLWantWriteError)
    while True:
        try:
            part = connection.recv(65536)
            if not part:
                return answer, True
            answer = answer or part  # only the first line is used, and answers may be large
            continue
        except not_ready:
            pass
        except OSError:
            return answer, True
        if unsent:
            try:
                unsent = unsent[connection.send(unsent[:65536]) :]
                continue
            except not_ready:
                pass
            except OSError:  # the gateway has answered and reads no more
                unsent = unsent[:0]
        if not any(select.select([connection], [connection] if unsent else [], [], IDLE)):
            return answer, False


def rest(model: str, path: str, body: bytes, **headers: str) -> dict[str, Any]:
    """POST `body` over HTTP/1.1."""
    endpoint = find_endpoint(stack, model)
    assert endpoint.grpc is not None
    lines = {
        "Host": endpoint.grpc.authority,
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return raw(f"POST /{model}/{path} HTTP/1.1\r\n{head}\r\n".encode() + body)


def inflating(model: str, path: str, coding: str) -> dict[str, Any]:
    """POST 1 MiB that inflates to 1 GiB."""
    packer = zlib.compressobj(9, wbits=31 if coding == "gzip" else 15)
    block = b" " * MEBIBYTE
    body = b"".join(packer.compress(block) for _ in range(1024)) + packer.flush()
    return rest(model, path, body, Content_Encoding=coding)


def posted(model: str, path: str, text: str, most: str = "") -> dict[str, Any]:
    """POST `text`. `{ones}` in it is replaced by ones, until the body has about `most` bytes."""
    ones = (int(most or 0) - len(text)) // 2
    return rest(model, path, text.replace("{ones}", ",".join(["1"] * ones)).encode())


def sized(model: str, path: str, size: str) -> dict[str, Any]:
    """POST `size` bytes of JSON white space."""
    return rest(model, path, b" " * int(size))


def spelled(request: str) -> dict[str, Any]:
    """Send a request whose text has escape sequences, such as `\\r\\n`."""
    return raw(request.encode("latin-1").decode("unicode_escape").encode("latin-1"))


ATTACKS: dict[str, Callable[..., Any]] = {
    each.__name__: each
    for each in (method, filled, methods, withheld, inflating, posted, sized, spelled)
}

if __name__ == "__main__":
    print(json.dumps(ATTACKS[sys.argv[2]](*sys.argv[3:])))
