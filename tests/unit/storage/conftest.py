"""The stores of `local/images/emulators` on loopback, with a model in two versions."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

EMULATORS = Path(__file__).parents[3] / "local" / "images" / "emulators"
BUCKET = "models"
#: Paths in each bucket. What begins with the same text is another model's; empty objects are what
#: consoles make of directories.
OBJECTS = {
    "plain/1/saved_model.pb": b"one",
    "plain/2/saved_model.pb": b"two",
    "plain/2/variables/variables.index": b"two",
    "plain_old/9/saved_model.pb": b"nine",
    "triton/1/model.onnx": b"one",
    "triton/config.pbtxt": b"config",
}
_SECONDS = 30


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _send(url: str, content: bytes, method: str, **headers: str) -> None:
    kind = {"Content-Type": "application/octet-stream", **headers}
    request = urllib.request.Request(url, content, kind, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opener.open(request, timeout=10).close()


def _started(script: str, *arguments: str, port: int) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, str(EMULATORS / script), *arguments],
        env={**os.environ, "S3_IGNORE_SUBDOMAIN_BUCKETNAME": "true"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    end = time.monotonic() + _SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return process
        except OSError:
            assert time.monotonic() < end, f"{script} takes no connection"
            assert process.poll() is None, f"{script} ended"
            time.sleep(0.05)


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The address of an S3 that holds `OBJECTS`."""
    port = _free_port()
    process = _started("s3.py", "-H", "127.0.0.1", "-p", str(port), port=port)
    signed = "AWS4-HMAC-SHA256 Credential=admin/20260101/us-east-1/s3/aws4_request, "
    url = f"http://127.0.0.1:{port}"
    try:
        _send(f"{url}/{BUCKET}", b"", "PUT", Authorization=signed)
        for name, content in OBJECTS.items():
            public = {"Authorization": signed, "x-amz-acl": "public-read"}
            _send(f"{url}/{BUCKET}/{quote(name)}", content, "PUT", **public)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=_SECONDS)


@pytest.fixture(scope="session")
def gcs() -> Iterator[str]:
    """The address of a GCS that holds `OBJECTS`."""
    port = _free_port()
    options = ("start", "--host=127.0.0.1", f"--port={port}", "--in-memory")
    process = _started("gcs.py", *options, port=port)
    url = f"http://127.0.0.1:{port}"
    try:
        bucket = f'{{"name": "{BUCKET}"}}'.encode()
        _send(
            f"{url}/storage/v1/b?project=test",
            bucket,
            "POST",
            **{"Content-Type": "application/json"},
        )
        for name, content in OBJECTS.items():
            query = urlencode({"uploadType": "media", "name": name})
            _send(f"{url}/upload/storage/v1/b/{BUCKET}/o?{query}", content, "POST")
        yield url
    finally:
        process.terminate()
        process.wait(timeout=_SECONDS)
