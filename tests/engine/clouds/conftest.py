"""An engine home in which the clouds are simulated, and stacks whose account a test can read."""

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
from tests.engine.clouds.simulated import Simulated

Toy = Callable[..., Simulated]


@pytest.fixture(scope="session")
def simulated_home(pulumi_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clone's plugins for Kubernetes and TLS, and the simulated clouds."""
    made = tmp_path_factory.mktemp("simulated") / "home"
    python = Path(os.environ.get("SLIPWAY_LOCAL_PYTHON", sys.executable))
    packages = Path(sysconfig.get_path("purelib"))
    home.make(made, python, packages, pulumi_home)
    return made


@pytest.fixture
def new_cluster(tmp_path: Path) -> Iterator[ApiServer]:
    """An API server of the test's own: a cluster is empty when it is made."""
    directory = tmp_path / "cluster"
    directory.mkdir()
    with api_server(directory) as server:
        yield server


@pytest.fixture(scope="session")
def charts_of_vendors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a repository that has Karpenter's chart, as AWS publishes it."""
    files = Toolbox(cache_dir()).sources("karpenter")
    chart = tmp_path_factory.mktemp("chart") / "karpenter"
    shutil.copytree(files / "charts" / "karpenter", chart)
    shutil.copytree(files / "pkg" / "apis" / "crds", chart / "crds")
    charts = tmp_path_factory.mktemp("charts")
    with repository(charts, chart, version=KARPENTER, appVersion=KARPENTER) as url:
        yield url


@pytest.fixture
def toy(simulated_home: Path, tmp_path: Path) -> Toy:
    """Makes a stack whose program the test writes; all of a test's stacks are in one account."""

    def make() -> Simulated:
        return Simulated(tmp_path / uuid.uuid4().hex[:6], simulated_home, tmp_path / "account")

    return make
