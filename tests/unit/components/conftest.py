from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.components.environment import kubeconfig


@pytest.fixture(autouse=True)
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A kubeconfig of `make up`, whose server takes connections."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        path = kubeconfig(tmp_path / "kubeconfig", f"https://127.0.0.1:{port}")
        monkeypatch.setenv("KUBECONFIG", str(path))
        for variable in ("HTTPS_PROXY", "https_proxy"):
            monkeypatch.delenv(variable, raising=False)
        yield path
