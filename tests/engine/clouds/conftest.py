"""Fixtures of stacks in simulated clouds."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from components.clusters.eks.versions import KARPENTER
from local.clouds import home
from local.paths import cache_dir
from local.toolchain.tools import Toolbox
from tests.engine.apiserver import ApiServer, api_server
from tests.engine.charts import repository
from tests.engine.clouds.simulated import SimulatedProject

StackFactory = Callable[..., SimulatedProject]


@pytest.fixture(scope="session")
def simulated_home(pulumi_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Pulumi home with the plugins for Kubernetes and TLS, and those of the simulated clouds."""
    simulated = tmp_path_factory.mktemp("simulated") / "home"
    python = Path(os.environ.get("SLIPWAY_LOCAL_PYTHON", sys.executable))
    packages = Path(sysconfig.get_path("purelib"))
    home.make(simulated, python, packages, pulumi_home)
    return simulated


@pytest.fixture
def new_cluster(tmp_path: Path) -> Iterator[ApiServer]:
    """An API server for one test, since a new cluster is empty."""
    directory = tmp_path / "cluster"
    directory.mkdir()
    with api_server(directory) as server:
        yield server


@pytest.fixture(scope="session")
def vendor_charts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a chart repository with Karpenter's chart, as AWS publishes it."""
    files = Toolbox(cache_dir()).sources("karpenter")
    chart = tmp_path_factory.mktemp("chart") / "karpenter"
    shutil.copytree(files / "charts" / "karpenter", chart)
    shutil.copytree(files / "pkg" / "apis" / "crds", chart / "crds")
    charts = tmp_path_factory.mktemp("charts")
    with repository(charts, chart, version=KARPENTER, appVersion=KARPENTER) as url:
        yield url


@pytest.fixture
def new_stack(simulated_home: Path, tmp_path: Path) -> StackFactory:
    """Makes stacks whose programs the test writes, all in one account."""

    def make() -> SimulatedProject:
        return SimulatedProject(
            tmp_path / uuid.uuid4().hex[:6], simulated_home, tmp_path / "account"
        )

    return make
