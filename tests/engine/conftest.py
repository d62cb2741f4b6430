"""What every test of this layer needs: the clone's plugins and a Kubernetes control plane.

Under pytest-xdist all workers share one control plane, which the process that starts them runs.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.paths import Clone
from local.toolchain.plugins import NAMES, installed, kubernetes_version
from tests.engine.apiserver import ApiServer, api_server
from tests.engine.tools import MissingTool, tool

_SHARED = pytest.StashKey[tuple[contextlib.ExitStack, dict[str, str]]]()
_INPUT = "slipway_cluster"


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells a worker, before it starts, where the control plane is."""
    config: pytest.Config = node.config
    if _SHARED not in config.stash:
        running, found = contextlib.ExitStack(), {}
        directory = running.enter_context(tempfile.TemporaryDirectory(prefix="slipway-engine-"))
        try:
            found = running.enter_context(api_server(Path(directory))).as_dict()
        except MissingTool as error:
            found = {"missing": str(error)}
        config.stash[_SHARED] = running, found
    node.workerinput[_INPUT] = config.stash[_SHARED][1]


def pytest_unconfigure(config: pytest.Config) -> None:
    if _SHARED in config.stash:
        config.stash[_SHARED][0].close()


@pytest.fixture(scope="session")
def cluster(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ApiServer]:
    """A control plane shared by the tests; each works in a namespace of its own."""
    shared = getattr(request.config, "workerinput", {}).get(_INPUT)
    if shared is not None:
        if "missing" in shared:
            pytest.skip(shared["missing"])
        yield ApiServer.of_dict(shared)
        return
    try:
        with api_server(tmp_path_factory.mktemp("cluster")) as server:
            yield server
    except MissingTool as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def pulumi_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PULUMI_HOME with the plugins that this clone's dev stack runs on, whoever made them."""
    try:
        tool("pulumi")
    except MissingTool as error:
        pytest.skip(str(error))
    theirs = Clone.here().pulumi_home
    for name in NAMES:
        if installed(theirs, name) is None and shutil.which(f"pulumi-resource-{name}") is None:
            how = "`python3 -m local test engine` puts it there"
            pytest.skip(f"plugin {name} is not in {theirs}: {how}")
    home = tmp_path_factory.mktemp("home")
    (home / "plugins").symlink_to(theirs / "plugins")
    return home


@pytest.fixture(autouse=True)
def _new_enough(request: pytest.FixtureRequest) -> None:
    """Skips a test that is marked with a newer Kubernetes plugin than the clone has."""
    for mark in request.node.iter_markers("needs_kubernetes_plugin"):
        found = kubernetes_version(Clone.here().pulumi_home)
        if found < mark.args:
            needed, there = (".".join(map(str, each)) for each in (mark.args, found))
            pytest.skip(f"needs the Kubernetes plugin {needed}, this is {there}")


@pytest.fixture
def namespace(cluster: ApiServer) -> str:
    """A fresh namespace."""
    name = f"t{uuid.uuid4().hex[:8]}"
    cluster.kubectl("create", "namespace", name)
    return name
