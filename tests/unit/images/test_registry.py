"""Pulling real images, from a registry on loopback; and what happens without one."""

from __future__ import annotations

import hashlib
import json
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from local.images import build
from local.images.registry import Registries, Unavailable, split
from local.images.workshop import Recipe
from local.toolchain.pins import ARCH
from tests.unit.images.conftest import free_port
from tests.unit.images.test_archive import blobs

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


def digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


class Registry(ThreadingHTTPServer):
    """The distribution API with one image, `library/thing:1`, behind an anonymous token."""

    def __init__(self, architecture: str = ARCH) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[str] = []
        self.layer, config = b"layer", b"{}"
        manifest = json.dumps(
            {
                "config": {"mediaType": "c", "digest": digest(config), "size": len(config)},
                "layers": [{"mediaType": "l", "digest": digest(self.layer), "size": 5}],
            }
        ).encode()
        platform = {"os": "linux", "architecture": architecture}
        entries = [
            {"digest": "sha256:0", "platform": {"os": "linux", "architecture": "s390x"}},
            {"digest": digest(manifest), "platform": platform},
        ]
        index = json.dumps({"manifests": entries}).encode()
        self.manifest = manifest
        self.answers = {
            "/v2/library/thing/manifests/1": (INDEX, index),
            f"/v2/library/thing/manifests/{digest(manifest)}": (MANIFEST, manifest),
            f"/v2/library/thing/blobs/{digest(config)}": ("c", config),
            f"/v2/library/thing/blobs/{digest(self.layer)}": ("l", self.layer),
        }
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Registry

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        path, _, query = self.path.partition("?")
        status, kind, body = 404, "text/plain", b""
        if path == "/token":
            status, kind, body = 200, "application/json", json.dumps({"token": query}).encode()
        elif self.headers["Authorization"] != "Bearer service=s&scope=pull":
            status = 401
        elif path in self.server.answers:
            status, (kind, body) = 200, self.server.answers[path]
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if status == 401:
            realm = f'Bearer realm="{self.server.address}/token",service="s",scope="pull"'
            self.send_header("WWW-Authenticate", realm)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return None


@pytest.fixture
def registry():
    with Registry() as server:
        yield server
        server.shutdown()


def thing(pulled: bool = True) -> Recipe:
    """An image of which the built one is a file with `built` in it."""

    def make(_workshop, _name, target, _note):
        target.write_text("built")
        return target

    return Recipe("docker.io/thing:1", "by hand", lambda _: "inputs", make, pulled=pulled)


def ensure(monkeypatch, tmp_path, address, recipe=None):
    monkeypatch.setenv("SLIPWAY_REGISTRY", address)
    lines: list[str] = []
    (path,) = build.ensure(
        [recipe or thing()], tmp_path, Path("python"), binaries={}, progress=lines.append
    )
    return path, lines


def test_an_image_is_pulled_for_this_machine_and_named_as_the_mirror_does(registry, tmp_path):
    target = tmp_path / "thing.tar"
    Registries(registry.address).pull("docker.io/thing:1", "slipway.local/thing:1", target)
    index, found = blobs(target)
    (entry,) = index["manifests"]
    assert entry["annotations"]["io.containerd.image.name"] == "slipway.local/thing:1"
    assert (entry["digest"], entry["mediaType"]) == (digest(registry.manifest), MANIFEST)
    assert found[digest(b"layer")] == b"layer"
    assert [path.name for path in tmp_path.iterdir()] == ["thing.tar"]


def test_a_layer_that_is_not_what_its_digest_says_is_not_used(registry, tmp_path):
    registry.answers[f"/v2/library/thing/blobs/{digest(b'layer')}"] = ("l", b"other")
    with pytest.raises(Unavailable, match="not used"):
        Registries(registry.address).pull("docker.io/thing:1", "x:1", tmp_path / "thing.tar")
    assert list(tmp_path.iterdir()) == []


def test_an_image_for_other_machines_only_is_not_taken(tmp_path):
    with Registry("riscv64") as server:
        with pytest.raises(Unavailable, match=f"linux/{ARCH}"):
            Registries(server.address).pull("docker.io/thing:1", "x:1", tmp_path / "thing.tar")
        server.shutdown()


def test_a_registry_out_of_reach_is_asked_once_and_within_seconds(tmp_path):
    registries = Registries(f"http://127.0.0.1:{free_port()}")
    started = time.monotonic()
    for _ in range(3):
        with pytest.raises(Unavailable, match="no registry in reach"):
            registries.pull("docker.io/thing:1", "x:1", tmp_path / "x.tar")
    assert time.monotonic() - started < 5


def test_with_a_registry_the_real_image_is_taken_and_said_so(monkeypatch, registry, tmp_path):
    path, lines = ensure(monkeypatch, tmp_path, registry.address)
    assert lines == ["✓ thing:1: pulled from its registry"]
    assert path.name == "thing_1-pulled.tar"


def test_without_a_registry_the_image_is_built_once_and_said_so(monkeypatch, tmp_path):
    path, lines = ensure(monkeypatch, tmp_path, f"http://127.0.0.1:{free_port()}")
    assert lines == ["✓ thing:1: no registry in reach, built by hand"]
    assert path.read_text() == "built"
    path.write_text("kept")
    path, lines = ensure(monkeypatch, tmp_path, "off")
    assert (path.read_text(), lines) == ("kept", [])


def test_a_stand_in_gives_way_when_the_real_image_comes_into_reach(monkeypatch, registry, tmp_path):
    ensure(monkeypatch, tmp_path, "off")
    path, _ = ensure(monkeypatch, tmp_path, registry.address)
    assert path.name == "thing_1-pulled.tar"
    registry.asked.clear()
    assert ensure(monkeypatch, tmp_path, registry.address)[0] == path
    assert registry.asked == []


def test_an_image_of_gigabytes_is_built_though_its_registry_has_it(monkeypatch, registry, tmp_path):
    path, lines = ensure(monkeypatch, tmp_path, registry.address, thing(pulled=False))
    assert (path.read_text(), lines) == ("built", ["✓ thing:1: built by hand"])
    assert registry.asked == []


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("traefik:v3", ("registry-1.docker.io", "library/traefik", "v3")),
        ("docker.io/tensorflow/serving:2", ("registry-1.docker.io", "tensorflow/serving", "2")),
        ("tensorflow/serving:2", ("registry-1.docker.io", "tensorflow/serving", "2")),
        ("registry.k8s.io/pause:3.10", ("registry.k8s.io", "pause", "3.10")),
        ("localhost:5000/a/b:1", ("localhost:5000", "a/b", "1")),
    ],
)
def test_a_reference_is_read_as_docker_reads_it(reference, parts):
    assert split(reference) == parts


def test_a_proxy_is_tried_where_one_is_set(monkeypatch, registry, tmp_path):
    monkeypatch.setenv("http_proxy", registry.address)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(urllib.request, "_opener", None)  # it keeps the proxies it first saw
    base = "http://registry.invalid"
    with pytest.raises(Unavailable):  # the loopback registry is no proxy, but it was asked
        Registries(base).pull("docker.io/thing:1", "x:1", tmp_path / "thing.tar")
    assert registry.asked[0] == "http://registry.invalid/v2/library/thing/manifests/1"
