"""A repository of charts on loopback."""

from __future__ import annotations

import functools
import hashlib
import http.server
import json
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml


@contextmanager
def repository(directory: Path, chart: Path, **changes: str) -> Iterator[str]:
    """The address of a repository in `directory` with the chart in the directory `chart`, in
    whose `Chart.yaml` `changes` are made."""
    directory.mkdir(exist_ok=True)
    about = yaml.safe_load((chart / "Chart.yaml").read_text()) | changes
    described = directory / "Chart.yaml"
    described.write_text(yaml.safe_dump(about))
    archive = directory / f"{about['name']}-{about['version']}.tgz"
    # A file that is a link is packed as what it links to: such are those that charts share.
    with tarfile.open(archive, "w:gz", dereference=True) as packed:
        packed.add(described, f"{about['name']}/Chart.yaml")
        for file in sorted(chart.iterdir()):
            if file.name != "Chart.yaml":
                packed.add(file, f"{about['name']}/{file.name}")
    handler = functools.partial(_QuietHandler, directory=str(directory))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        entry = {**about, "urls": [f"{url}/{archive.name}"], "digest": digest}
        index = {"apiVersion": "v1", "entries": {about["name"]: [entry]}}
        (directory / "index.yaml").write_text(json.dumps(index))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield url
        server.shutdown()


def helm_home(directory: Path) -> dict[str, str]:
    """The environment of a helm that keeps what it keeps in `directory`."""
    return {f"HELM_{name}_HOME": str(directory / name) for name in ("CACHE", "CONFIG", "DATA")}


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: the requests are no part of a test's output."""
