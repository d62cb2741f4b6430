"""A proxy in front of a server, which counts connections."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass
class CountingProxy:
    """An address on loopback that forwards to a server, and the number of its connections."""

    url: str
    connections: int = 0


@contextmanager
def counting_proxy(url: str) -> Iterator[CountingProxy]:
    """A proxy of the server at `url`, whose certificate has to be valid for 127.0.0.1."""
    target = urlsplit(url)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = CountingProxy(f"{target.scheme}://127.0.0.1:{listener.getsockname()[1]}")

        def serve() -> None:
            while True:
                try:
                    outside, _ = listener.accept()
                except OSError:  # closed at the end
                    return
                proxy.connections += 1
                inside = socket.create_connection((target.hostname or "", target.port or 443))
                for pair in ((outside, inside), (inside, outside)):
                    threading.Thread(target=_copy, args=pair, daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield proxy
        finally:
            listener.shutdown(socket.SHUT_RDWR)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(1 << 16):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:  # one side has closed: close the other, too
        source.close()
        sink.close()
