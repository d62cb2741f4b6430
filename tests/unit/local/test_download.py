"""Official downloads, from a loopback server that has the publishers' paths."""

from __future__ import annotations

import hashlib
import http.server
import io
import socket
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.toolchain.download import Downloads, Unavailable
from local.toolchain.programs import PROGRAMS, Build, Program
from local.toolchain.tools import Toolbox

BINARY = b"#!/bin/sh\necho official\n"


class Publisher:
    """Serves `files` (path → body) and records the requested paths."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.requests: list[str] = []
        publisher = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                publisher.requests.append(self.path)
                body = publisher.files.get(self.path)
                self.send_response(200 if body is not None else 404)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_: object) -> None:
                """Logs nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    server = Publisher()
    yield server
    server.close()


def program(**changes: object) -> Program:
    fields: dict[str, object] = {
        "name": "demo",
        "version": "v1",
        "build": Build("pause", "slipway.dev/toolchain/pause"),
        "url": "https://publisher.example/v1/demo",
        "checksum": "https://publisher.example/v1/demo.sha256",
    }
    return Program(**{**fields, **changes})  # type: ignore[arg-type]


def test_a_binary_with_the_published_checksum_is_used(publisher: Publisher, tmp_path: Path) -> None:
    publisher.files = {
        "/v1/demo": BINARY,
        "/v1/demo.sha256": hashlib.sha256(BINARY).hexdigest().encode(),
    }
    [path] = Downloads(publisher.base).fetch(program(), tmp_path)
    assert path.read_bytes() == BINARY
    assert path.stat().st_mode & 0o111


def test_a_binary_with_another_checksum_is_never_written(
    publisher: Publisher, tmp_path: Path
) -> None:
    publisher.files = {"/v1/demo": BINARY, "/v1/demo.sha256": b"0" * 64}
    with pytest.raises(Unavailable, match="its publisher says 0000"):
        Downloads(publisher.base).fetch(program(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_binary_is_compared_with_its_own_line_among_many_checksums(
    publisher: Publisher, tmp_path: Path
) -> None:
    right = hashlib.sha256(BINARY).hexdigest()
    publisher.files = {
        "/v1/demo": BINARY,
        "/v1/demo.sha256": f"{'1' * 64}  other\n{right} *demo\n".encode(),
    }
    assert Downloads(publisher.base).fetch(program(), tmp_path)


def test_the_member_of_an_archive_is_unpacked(publisher: Publisher, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name in ("demo-1/bin/demo", "demo-1/bin/beside", "demo-1/README"):
            info = tarfile.TarInfo(name)
            info.size = len(BINARY)
            archive.addfile(info, io.BytesIO(BINARY))
    body = packed.getvalue()
    publisher.files = {
        "/v1/demo.tar.gz": body,
        "/v1/demo.sha256": hashlib.sha256(body).hexdigest().encode(),
    }
    archived = program(
        url="https://publisher.example/v1/demo.tar.gz",
        member="demo-1/bin/demo",
        extra_members=("demo-1/bin/beside",),
    )
    paths = Downloads(publisher.base).fetch(archived, tmp_path)
    assert sorted(path.name for path in paths) == ["beside", "demo"]


def test_an_unreachable_host_is_tried_once(tmp_path: Path) -> None:
    with socket.socket() as bound:  # it does not listen, so connections are refused
        bound.bind(("127.0.0.1", 0))
        downloads = Downloads(f"http://127.0.0.1:{bound.getsockname()[1]}", timeout=2)
        with pytest.raises(Unavailable, match="cannot be reached"):
            downloads.fetch(program(), tmp_path)
    # The first error again: now that the port is free, a second attempt would have another one.
    with pytest.raises(Unavailable, match="cannot be reached") as second:
        downloads.fetch(program(), tmp_path)
    assert "refused" in str(second.value).lower()


def test_a_host_that_never_answers_costs_seconds(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        downloads = Downloads(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.3)
        with pytest.raises(Unavailable, match="timed out"):
            downloads.fetch(program(), tmp_path)


def test_downloads_can_be_switched_off(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="SLIPWAY_DOWNLOADS=off"):
        Downloads("off").fetch(program(), tmp_path)


def test_a_tool_is_downloaded_before_it_is_built(
    publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher.files = {
        "/v1/demo": BINARY,
        "/v1/demo.sha256": hashlib.sha256(BINARY).hexdigest().encode(),
    }
    monkeypatch.setitem(PROGRAMS, "demo", program())
    box = Toolbox(tmp_path, Downloads(publisher.base))
    assert box.ensure(["demo"])["demo"].origin == "download"
    publisher.requests.clear()
    assert box.ensure(["demo"])["demo"].origin == "download"
    assert publisher.requests == []


#: Programs that are not downloaded: our own, the one that the engine downloads, those that are
#: published as an image only, and those that are published without a checksum.
BUILT = {"pause", "pulumi-resource-kubernetes", "metrics-server", "karpenter", "kwok", "kube-score"}


@pytest.mark.parametrize("name", sorted(set(PROGRAMS) - BUILT))
def test_every_program_has_an_official_address_with_a_checksum(name: str) -> None:
    pin = PROGRAMS[name]
    version = pin.version.removeprefix("v")
    assert pin.url.startswith("https://") and version in pin.url
    assert pin.checksum.startswith("https://") and version in pin.checksum
