"""A TLS server with just enough HTTP/2 to answer gRPC calls like a gateway without a route."""

import contextlib
import socket
import ssl
import threading

import trustme

_SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
_END_STREAM_AND_HEADERS = b"\x05"


class Http2Gateway:
    """Answers every request with `status` and no body. `alpn`: the protocol that it negotiates."""

    def __init__(self, leaf: trustme.LeafCert, status: int, alpn: str = "h2") -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols([alpn])
        leaf.configure_cert(context)
        self._context, self._status = context, status
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.target = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                plain, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        with contextlib.suppress(OSError), plain:
            stream = self._context.wrap_socket(plain, server_side=True)
            reader = stream.makefile("rb")
            reader.read(24)  # the connection preface
            stream.sendall(_SETTINGS)
            while header := reader.read(9):
                length, kind, number = int.from_bytes(header[:3], "big"), header[3], header[5:9]
                reader.read(length)
                if kind == 1:  # HEADERS: answer at once, :status as a literal (HPACK index 8)
                    block = b"\x08\x03" + str(self._status).encode()
                    size = len(block).to_bytes(3, "big")
                    stream.sendall(size + b"\x01" + _END_STREAM_AND_HEADERS + number + block)
                elif kind == 4 and not header[4]:  # SETTINGS: acknowledge
                    stream.sendall(b"\x00\x00\x00\x04\x01\x00\x00\x00\x00")
