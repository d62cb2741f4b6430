"""A registry with basic authentication, on the loopback interface of a checkout's node.

Run inside the node's network: `private_registry.py <port> <user> <archive>...`. It reads passwords
from its standard input, one a line, and accepts only the last one. It ends with its input. For each
request it prints the status and the path.
"""

from __future__ import annotations

import base64
import contextlib
import json
import shutil
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.cluster.checkout import Checkout

PORT = 5443
ADDRESS = f"127.0.0.1:{PORT}"
USER = "robot"


class Registry:
    """A running registry: sets its password and records its requests."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.requests: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def accept(self, password: str) -> None:
        """From now on `USER` pulls only with `password`."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{password}\n")
        self._process.stdin.flush()
        deadline = time.monotonic() + 10
        while self.requests.count("password") < 1:
            assert time.monotonic() < deadline, "the registry does not start"
            time.sleep(0.1)
        self.requests.clear()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.requests.append(line.strip())


@contextlib.contextmanager
def registry(checkout: Checkout) -> Iterator[Registry]:
    """A registry with all images of the checkout's node."""
    from local.cluster import cluster
    from local.cluster.spec import BASE, ClusterSpec

    spec = ClusterSpec.load(BASE / checkout.cluster_name)
    hosts = spec.registries / ADDRESS / "hosts.toml"
    hosts.parent.mkdir(parents=True)
    hosts.write_text(f'[host."http://{ADDRESS}"]\ncapabilities = ["pull", "resolve"]\n')
    script = str(checkout.root / "tests/cluster/serving/private_registry.py")
    command = [*cluster.nsenter(spec.name), sys.executable, script, str(PORT), USER, *spec.images]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield Registry(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=10)
        shutil.rmtree(hosts.parent)


class _Server(ThreadingHTTPServer):
    """Serves the content of the archives under the paths of the distribution API."""

    def __init__(self, port: int, user: str, archives: list[Path]) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.user, self.password = user, ""
        self.blobs: dict[str, tuple[Path, str]] = {}
        self.tags: dict[str, tuple[str, str]] = {}
        for archive in archives:
            with tarfile.open(archive) as opened:
                index = opened.extractfile("index.json")
                assert index is not None
                for entry in json.load(index)["manifests"]:
                    name = entry["annotations"]["io.containerd.image.name"].partition("/")[2]
                    repository, _, tag = name.rpartition(":")
                    kind = (entry["digest"], entry["mediaType"])
                    self.tags[f"/v2/{repository}/manifests/{tag}"] = kind
                    self.tags[f"/v2/{repository}/manifests/{entry['digest']}"] = kind
                for member in opened.getnames():
                    if member.startswith("blobs/"):
                        digest = member.removeprefix("blobs/").replace("/", ":")
                        self.blobs[digest] = (archive, member)

    def find(self, path: str) -> tuple[str, str] | None:
        """Digest and media type of the content at `path`."""
        if path in self.tags:
            return self.tags[path]
        digest = path.rpartition("/blobs/")[2]
        return (digest, "application/octet-stream") if digest in self.blobs else None


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        login = base64.b64encode(f"{self.server.user}:{self.server.password}".encode()).decode()
        admitted = self.server.password and self.headers["Authorization"] == f"Basic {login}"
        found = self.server.find(self.path)
        status = 401 if not admitted else 404 if found is None else 200
        print(status, self.path, flush=True)
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="test"')
        if status != 200 or found is None:
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        archive, member = self.server.blobs[found[0]]
        with tarfile.open(archive) as opened:
            content = opened.extractfile(member)
            assert content is not None
            self.send_header("Content-Type", found[1])
            self.send_header("Docker-Content-Digest", found[0])
            self.send_header("Content-Length", str(opened.getmember(member).size))
            self.end_headers()
            while with_body and (chunk := content.read(1 << 20)):
                self.wfile.write(chunk)

    def log_message(self, format: str, *args: Any) -> None:
        """Logs nothing: `_answer` prints each request."""


def main() -> None:
    server = _Server(int(sys.argv[1]), sys.argv[2], [Path(each) for each in sys.argv[3:]])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for line in sys.stdin:
        server.password = line.strip()
        print("password", flush=True)


if __name__ == "__main__":
    main()
