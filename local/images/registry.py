"""Pulls images from a container registry by its HTTP API
(https://github.com/opencontainers/distribution-spec), with one bounded attempt each."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import socket
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from local.images.archive import Blob, write_blobs
from local.toolchain.pins import ARCH

#: Seconds to resolve a registry's name and to connect.
CONNECT = 3.0
#: Seconds to wait for the next bytes of an answer.
READ = 15.0

_INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_HUB = "registry-1.docker.io"


class Unavailable(Exception):
    """The image cannot be pulled; the message says why in a few words."""


class Registries:
    """The registries of one run. `$SLIPWAY_REGISTRY` (scheme://host:port) replaces all of them;
    `off` disables pulls. A registry that failed is not tried again."""

    def __init__(self, base: str | None = None) -> None:
        self._base = os.environ.get("SLIPWAY_REGISTRY", "") if base is None else base
        self._dead: dict[str, str] = {}
        self._token = ""

    def pull(
        self, reference: str, name: str, target: Path, note: Callable[[str], None] = lambda _: None
    ) -> Path:
        """Pull `reference` (`registry/repository:tag`) into the archive `target`, as an image with
        the name `name`. Raises `Unavailable`."""
        if self._base == "off":
            raise Unavailable("registries are switched off (SLIPWAY_REGISTRY=off)")
        host, repository, tag = split(reference)
        root = self._base.rstrip("/") or f"https://{host}"
        self._connect(root)
        address = f"{root}/v2/{repository}"
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".pull-") as scratch:
            manifest = self._manifest(address, tag)
            parts = json.loads(bytes_of(manifest))
            blobs = [
                self._blob(address, part, Path(scratch), note)
                for part in (parts["config"], *parts["layers"])
            ]
            return write_blobs(name, manifest, blobs, target)

    def _connect(self, root: str) -> None:
        """Raise `Unavailable` within seconds if the registry is unreachable."""
        host = urlsplit(root).hostname or ""
        if host in self._dead:
            raise Unavailable(self._dead[host])
        if not _answers(root):
            self._dead[host] = "no registry in reach"
            raise Unavailable(self._dead[host])

    def _manifest(self, address: str, tag: str) -> Blob:
        body, media_type = self._get(f"{address}/manifests/{tag}")
        if media_type in _INDEXES:
            for entry in json.loads(body)["manifests"]:
                platform = entry.get("platform", {})
                if (platform.get("os"), platform.get("architecture")) == ("linux", ARCH):
                    body, media_type = self._get(f"{address}/manifests/{entry['digest']}")
                    _verify(entry["digest"], hashlib.sha256(body).hexdigest())
                    break
            else:
                raise Unavailable(f"{address} has no {tag} for linux/{ARCH}")
        if media_type not in _MANIFESTS:
            raise Unavailable(f"{address} answered with a manifest of type {media_type}")
        return Blob.of(media_type, body)

    def _blob(
        self, address: str, part: dict[str, Any], scratch: Path, note: Callable[[str], None]
    ) -> Blob:
        digest = str(part["digest"])
        file = scratch / digest.replace(":", "-")
        total, done, sha256 = int(part["size"]), 0, hashlib.sha256()
        with self._open(f"{address}/blobs/{digest}") as answer, file.open("wb") as out:
            try:
                while chunk := answer.read(1 << 20):
                    out.write(chunk)
                    sha256.update(chunk)
                    done += len(chunk)
                    note(f"{done >> 20} of {total >> 20} MB of a layer")
            except OSError as error:
                raise Unavailable(f"{address}: {error}") from error
        _verify(digest, sha256.hexdigest())
        return Blob(str(part["mediaType"]), digest, file)

    def _get(self, url: str) -> tuple[bytes, str]:
        with self._open(url) as answer:
            try:
                return answer.read(), str(answer.headers.get_content_type())
            except OSError as error:
                raise Unavailable(f"{url}: {error}") from error

    def _open(self, url: str, *, authenticated: bool = False) -> Any:
        request = urllib.request.Request(url)
        request.add_header("Accept", ", ".join((*_INDEXES, *_MANIFESTS)))
        if self._token:
            # Not sent to redirects: blobs are often in a store that refuses a second credential.
            request.add_unredirected_header("Authorization", f"Bearer {self._token}")
        try:
            return urllib.request.urlopen(request, timeout=READ)
        except urllib.error.HTTPError as error:
            if error.code == 401 and not authenticated:
                self._token = self._anonymous(error.headers.get("WWW-Authenticate", ""))
                return self._open(url, authenticated=True)
            where = urlsplit(url)
            raise Unavailable(f"{where.netloc} answered {error.code} for {where.path}") from error
        except OSError as error:
            where = urlsplit(url)
            self._dead[where.hostname or ""] = f"{where.netloc}: {getattr(error, 'reason', error)}"
            raise Unavailable(self._dead[where.hostname or ""]) from error

    def _anonymous(self, challenge: str) -> str:
        """An anonymous token for reading, from the server that the registry's challenge names."""
        fields = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        realm = fields.pop("realm", "")
        if not challenge.lower().startswith("bearer") or not realm:
            raise Unavailable(f"the registry asks for {challenge or 'an unknown authentication'}")
        try:
            with urllib.request.urlopen(f"{realm}?{urlencode(fields)}", timeout=READ) as answer:
                found = json.load(answer)
        except (OSError, ValueError) as error:
            raise Unavailable(f"{urlsplit(realm).netloc} gave no token: {error}") from error
        return str(found.get("token") or found.get("access_token"))


def _answers(root: str) -> bool:
    """Whether `root`, or the proxy for it, accepts a connection within `CONNECT` seconds."""
    parts = urlsplit(root)
    proxy = urllib.request.getproxies().get(parts.scheme)
    if proxy and not urllib.request.proxy_bypass(parts.hostname or ""):
        parts = urlsplit(proxy)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    connected = threading.Event()

    def connect() -> None:
        with contextlib.suppress(OSError):
            socket.create_connection((parts.hostname or "", port), timeout=CONNECT).close()
            connected.set()

    # In a thread, since resolving a name has no time limit of its own.
    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(CONNECT)
    return connected.is_set()


def split(reference: str) -> tuple[str, str, str]:
    """Host, repository and tag; `traefik:v3` stands for `docker.io/library/traefik:v3`."""
    path, _, tag = reference.rpartition(":")
    first, slash, rest = path.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost"):
        first, rest = "docker.io", path
    if first == "docker.io":
        return _HUB, rest if "/" in rest else f"library/{rest}", tag
    return first, rest, tag


def bytes_of(blob: Blob) -> bytes:
    return blob.content if isinstance(blob.content, bytes) else blob.content.read_bytes()


def _verify(digest: str, actual: str) -> None:
    if digest != f"sha256:{actual}":
        raise Unavailable(f"what was sent for {digest} has SHA-256 {actual}: not used")
