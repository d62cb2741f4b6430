"""A repository of charts on loopback."""

from __future__ import annotations

import functools
import http.server
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.engine.tools import tool


@contextmanager
def repository(directory: Path, chart: Path, *options: str) -> Iterator[str]:
    """The address of a repository in `directory` with the chart in the directory `chart`, which
    the real helm packages with `options`. Raises MissingTool."""
    helm = tool("helm")
    directory.mkdir(exist_ok=True)
    handler = functools.partial(_QuietHandler, directory=str(directory))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        for command in (["package", str(chart), *options], ["repo", "index", ".", "--url", url]):
            subprocess.run([helm, *command], cwd=directory, check=True, capture_output=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield url
        server.shutdown()


def helm_home(directory: Path) -> dict[str, str]:
    """The environment of a helm that keeps what it keeps in `directory`."""
    return {f"HELM_{name}_HOME": str(directory / name) for name in ("CACHE", "CONFIG", "DATA")}


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: the requests are no part of a test's output."""
