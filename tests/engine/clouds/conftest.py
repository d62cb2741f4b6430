"""An engine home in which the clouds are simulated, and stacks whose account a test can read."""

from __future__ import annotations

import os
import sys
import sysconfig
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from local.clouds import home
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
def toy(simulated_home: Path, tmp_path: Path) -> Toy:
    """Makes a stack whose program the test writes; all of a test's stacks are in one account."""

    def make() -> Simulated:
        return Simulated(tmp_path / uuid.uuid4().hex[:6], simulated_home, tmp_path / "account")

    return make
