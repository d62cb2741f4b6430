"""The plugins under test: stand-ins, or with PLUGINS=official those of $PULUMI_HOME."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.plugins.install import install, language_host, version
from tests.engine.apiserver import ApiServer, MissingTool, api_server, tool
from tests.engine.plugins.workbench import Workbench, environment, has_language_host

_ROOT = Path(__file__).resolve().parents[3]
_NAMES = ("kubernetes", "tls")


def _plugin_python() -> Path:
    """$SLIPWAY_PLUGIN_PYTHON (what `make` sets), else this interpreter if it can run them."""
    python = Path(os.environ.get("SLIPWAY_PLUGIN_PYTHON") or sys.executable)
    needs = "import cryptography, httpx, pulumi, yaml"
    if subprocess.run([python, "-c", needs], capture_output=True, check=False).returncode:
        pytest.skip(f"{python} cannot run the stand-ins: install local/plugins/requirements.txt")
    return python


@pytest.fixture(scope="session")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(PULUMI_HOME with the plugins, a directory with the language host)."""
    try:
        pulumi = tool("pulumi")
    except MissingTool as error:
        pytest.skip(str(error))
    home, path = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("bin")
    if os.environ.get("PLUGINS") == "official":
        home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
        for name in _NAMES:
            binary = home / f"plugins/resource-{name}-v{version(name)}/pulumi-resource-{name}"
            if not binary.exists() or binary.read_bytes()[:2] == b"#!":
                pytest.skip(f"PLUGINS=official: {name} v{version(name)} is not installed in {home}")
        if not has_language_host(pulumi):
            pytest.skip("PLUGINS=official: pulumi-language-python is not installed")
        return home, path
    install(home, _plugin_python(), names=_NAMES)
    language_host(path, _plugin_python())
    return home, path


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """A control plane shared by the tests; each works in a namespace of its own."""
    try:
        with api_server(tmp_path_factory.mktemp("cluster")) as server:
            yield server
    except MissingTool as error:
        pytest.skip(str(error))


@pytest.fixture
def namespace(cluster: ApiServer) -> str:
    """A fresh namespace."""
    name = f"t{uuid.uuid4().hex[:8]}"
    cluster.kubectl("create", "namespace", name)
    return name


Bench = Callable[..., Workbench]


@pytest.fixture
def bench(plugins: tuple[Path, Path], tmp_path: Path) -> Bench:
    """Makes a project; `kubeconfig` is the cluster it is to see."""
    home, path = plugins

    def make(kubeconfig: Path | None = None) -> Workbench:
        directory = tmp_path / uuid.uuid4().hex[:6]
        return Workbench(directory, environment(directory, kubeconfig, home, path))

    return make


@pytest.fixture
def stack(bench: Bench, cluster: ApiServer) -> Iterator[Workbench]:
    """A project on the cluster; whatever it made is destroyed afterwards."""
    made = bench(cluster.kubeconfig)
    yield made
    made.pulumi("cancel", "--yes", check=False)
    made.pulumi("destroy", "--yes", "--skip-preview", check=False)
