"""Downloads official binaries: one bounded attempt each, verified by the checksum published beside
it."""

from __future__ import annotations

import hashlib
import http.client
import io
import os
import tarfile
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit, urlunsplit

from local.toolchain.programs import Program

#: Seconds to wait for a connection or for the next bytes. A host that failed is not tried again.
TIMEOUT = 8.0


class Unavailable(Exception):
    """The official file cannot be downloaded here; the message says why."""


class Downloads:
    """Downloads of one run. `$SLIPWAY_DOWNLOADS` replaces the scheme and host of every address, for
    a mirror with the official paths; `off` disables downloads."""

    def __init__(self, base: str | None = None, timeout: float = TIMEOUT) -> None:
        self.base = os.environ.get("SLIPWAY_DOWNLOADS", "") if base is None else base
        self.timeout = timeout
        self._dead: dict[str, str] = {}

    def _address(self, url: str) -> str:
        if not self.base:
            return url
        base, parts = urlsplit(self.base), urlsplit(url)
        return urlunsplit((base.scheme, base.netloc, base.path.rstrip("/") + parts.path, "", ""))

    def read(self, url: str, note: Callable[[str], None] = lambda _: None) -> bytes:
        """The content at `url`. Raises `Unavailable`."""
        if self.base == "off":
            raise Unavailable("downloads are switched off (SLIPWAY_DOWNLOADS=off)")
        address = self._address(url)
        host = urlsplit(address).netloc
        if host in self._dead:
            raise Unavailable(self._dead[host])
        try:
            with urllib.request.urlopen(address, timeout=self.timeout) as response:
                total = int(response.headers.get("Content-Length") or 0)
                body = io.BytesIO()
                while chunk := response.read(1 << 20):
                    body.write(chunk)
                    part = f"{body.tell() >> 20}" + (f" of {total >> 20}" if total else "")
                    note(f"{part} MB from {host}")
                return body.getvalue()
        except urllib.error.HTTPError as error:
            raise Unavailable(
                f"{host} answered {error.code} for {urlsplit(address).path}"
            ) from error
        except (OSError, ValueError, http.client.HTTPException) as error:
            reason = f"{host} cannot be reached ({getattr(error, 'reason', error)})"
            self._dead[host] = reason
            raise Unavailable(reason) from error

    def fetch(
        self, program: Program, target: Path, note: Callable[[str], None] = lambda _: None
    ) -> list[Path]:
        """Put `program` (and its `extra_members`) into the directory `target`."""
        if not program.url:
            raise Unavailable(f"{program.name} is not published as a binary")
        sums = self.read(program.checksum).decode(errors="replace")
        body = self.read(program.url, note)
        expected = _published_sum(sums, PurePosixPath(urlsplit(program.url).path).name)
        actual = hashlib.sha256(body).hexdigest()
        if actual != expected:
            raise Unavailable(
                f"{program.url} has SHA-256 {actual}, its publisher says {expected}: not used"
            )
        if not program.member:
            return [_executable(target / program.name, body)]
        paths = []
        with tarfile.open(fileobj=io.BytesIO(body), mode="r:gz") as archive:
            # The program itself last: if it exists, so do the files that belong to it.
            for member in (*program.extra_members, program.member):
                try:
                    content = archive.extractfile(member)
                except KeyError:
                    content = None
                if content is None:
                    raise Unavailable(f"{program.url} holds no file {member}")
                paths.append(_executable(target / PurePosixPath(member).name, content.read()))
        return paths


def _published_sum(text: str, file: str) -> str:
    lines = [line.split() for line in text.splitlines() if line.strip()]
    if len(lines) == 1:
        return lines[0][0].lower()
    for words in lines:
        if len(words) == 2 and PurePosixPath(words[1].lstrip("*")).name == file:
            return words[0].lower()
    raise Unavailable(f"the published checksums do not name {file}")


def _executable(path: Path, body: bytes) -> Path:
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    partial.write_bytes(body)
    partial.chmod(0o755)
    return partial.replace(path)
