"""Gateways on loopback that forward calls to a server, and break a call on request.

`fault` applies to the next prediction; all other calls pass. The name of a fault says what happens,
and whether it happens before or after the server has executed the call.
"""

import contextlib
import http.client
import http.server
import socket
import struct
import threading
from types import SimpleNamespace
from typing import Any

import grpc
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import DataReceived, RequestReceived, StreamEnded

from tests.unit.client.fake_serving import UNLIMITED

#: Statuses that a gateway itself answers.
STATUSES = (429, 502, 503, 504)
#: Faults of both transports.
COMMON = (
    "reset before",
    "reset after",
    "reset within the answer after",
    *(f"{status} {when}" for status in STATUSES for when in ("before", "after")),
    "silence after",
)
#: Faults of HTTP/2 only.
HTTP2 = ("refused stream before", "GOAWAY before", "GOAWAY after", "stream reset after")


class Broken(Exception):
    """The connection has been broken."""


class Gateway:
    """A gateway whose port can be closed and reopened."""

    def __init__(self) -> None:
        self.fault: str | None = None
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.target = f"127.0.0.1:{self.port}"
        self._accept(self._listener)

    def down(self) -> None:
        """Refuse new connections. Existing ones stay open."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def up(self) -> None:
        """Accept connections again."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._accept(self._listener)

    def close_idle(self) -> None:
        """Close the existing connections, as a gateway does with idle ones."""
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):  # the client has closed it
                    connection.shutdown(socket.SHUT_RDWR)

    def fault_of(self, path: str) -> str:
        """The fault of this call, or ""."""
        if not path.endswith(("Predict", "ModelInfer", ":predict", "/infer")):
            return ""
        fault, self.fault = self.fault or "", None
        return fault

    def serve(self, connection: socket.socket) -> None:
        raise NotImplementedError

    def _accept(self, listener: socket.socket) -> None:
        def accept() -> None:
            with contextlib.suppress(OSError):  # the listener is closed
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(target=self._run, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()

    def _run(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._connections.add(connection)
        try:
            with contextlib.suppress(OSError, Broken):
                self.serve(connection)
        finally:
            with self._lock:
                self._connections.discard(connection)
            connection.close()


def reset(connection: socket.socket) -> None:
    """Make the connection end with RST instead of FIN when it is closed."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RD)


class GrpcFaults(Gateway):
    """HTTP/2 without TLS, in front of a gRPC server."""

    def __init__(self, upstream: str) -> None:
        self._upstream = grpc.insecure_channel(
            upstream, [*UNLIMITED, ("grpc.enable_retries", 0), ("grpc.enable_http_proxy", 0)]
        )
        super().__init__()

    def serve(self, connection: socket.socket) -> None:
        http2 = H2Connection(H2Configuration(client_side=False))
        http2.initiate_connection()
        connection.sendall(http2.data_to_send())
        paths: dict[int, str] = {}
        bodies: dict[int, bytes] = {}
        while data := connection.recv(65536):
            for event in http2.receive_data(data):
                if isinstance(event, RequestReceived):
                    headers = {bytes(name): bytes(value) for name, value in event.headers or ()}
                    paths[event.stream_id] = headers[b":path"].decode()
                    bodies[event.stream_id] = b""
                elif isinstance(event, DataReceived):
                    bodies[event.stream_id] += event.data or b""
                    size = event.flow_controlled_length or 0
                    http2.acknowledge_received_data(size, event.stream_id)
                elif isinstance(event, StreamEnded):
                    stream = event.stream_id
                    self._answer(connection, http2, stream, paths.pop(stream), bodies.pop(stream))
            connection.sendall(http2.data_to_send())

    def _answer(
        self, connection: socket.socket, http2: H2Connection, stream: int, path: str, body: bytes
    ) -> None:
        fault = self.fault_of(path)
        what, _, when = fault.rpartition(" ")
        answer = b"" if when == "before" else self._forwarded(path, body[5:])
        if fault == "silence after":
            return
        if what == "reset":
            reset(connection)
            raise Broken
        if what == "refused stream":
            http2.reset_stream(stream, ErrorCodes.REFUSED_STREAM)
        elif what == "stream reset":
            http2.reset_stream(stream, ErrorCodes.INTERNAL_ERROR)
        elif what == "GOAWAY":
            last = stream - 2 if when == "before" else stream
            http2.close_connection(last_stream_id=max(last, 0))
            connection.sendall(http2.data_to_send())
            if when == "after":
                reset(connection)
            else:
                while connection.recv(65536):  # until the client closes it
                    pass
            raise Broken
        elif what.isdigit():
            http2.send_headers(stream, [(":status", what)], end_stream=True)
        else:
            self._send(connection, http2, stream, answer, cut=what.startswith("reset within"))

    def _send(
        self, connection: socket.socket, http2: H2Connection, stream: int, data: bytes, *, cut: bool
    ) -> None:
        http2.send_headers(stream, [(":status", "200"), ("content-type", "application/grpc")])
        message = b"\0" + len(data).to_bytes(4, "big") + data
        if cut:
            http2.send_data(stream, message[: len(message) // 2])
            connection.sendall(http2.data_to_send())
            reset(connection)
            raise Broken
        size = http2.max_outbound_frame_size
        for at in range(0, len(message), size):
            http2.send_data(stream, message[at : at + size])
        http2.send_headers(stream, [("grpc-status", "0")], end_stream=True)

    def _forwarded(self, path: str, message: bytes) -> bytes:
        answer: bytes = self._upstream.unary_unary(path)(message, wait_for_ready=True, timeout=20)
        return answer


class RestFaults(Gateway):
    """HTTP/1.1 without TLS, in front of an HTTP server."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        super().__init__()

    def serve(self, connection: socket.socket) -> None:
        gateway = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                gateway._answer(self, None)

            def do_POST(self) -> None:
                gateway._answer(self, self.rfile.read(int(self.headers["Content-Length"])))

            def log_message(self, *_: Any) -> None:
                pass

        Handler(connection, ("127.0.0.1", 0), SimpleNamespace())  # type: ignore[arg-type]

    def _answer(self, handler: Any, body: bytes | None) -> None:
        fault = self.fault_of(handler.path)
        what, _, when = fault.rpartition(" ")
        status, headers, data = 200, {}, b""
        if when != "before":
            status, headers, data = self._forwarded(handler, body)
        if fault == "silence after":
            while handler.connection.recv(65536):  # until the client gives up
                pass
            raise Broken
        if what == "reset":
            reset(handler.connection)
            raise Broken
        if what.isdigit():
            status, headers, data = int(what), {}, b"the gateway says so"
        handler.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            handler.send_header(name, value)
        handler.end_headers()
        if what.startswith("reset within"):
            handler.wfile.write(data[: len(data) // 2])
            reset(handler.connection)
            raise Broken
        handler.wfile.write(data)

    def _forwarded(self, handler: Any, body: bytes | None) -> tuple[int, dict[str, str], bytes]:
        call = http.client.HTTPConnection(self._upstream, timeout=20)
        forwarded = ("Content-Type", "Content-Length", "Inference-Header-Content-Length")
        headers = {name: handler.headers[name] for name in forwarded if name in handler.headers}
        call.request(handler.command, handler.path, body, headers)
        answer = call.getresponse()
        data = answer.read()
        call.close()
        return (
            answer.status,
            {name: answer.headers[name] for name in forwarded[2:] if name in answer.headers},
            data,
        )
