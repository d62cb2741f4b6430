"""Projects on the plugins under test: those that the clone's dev stack runs on."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine.apiserver import ApiServer
from tests.engine.plugins.workbench import Workbench

Bench = Callable[..., Workbench]


@pytest.fixture
def bench(pulumi_home: Path, tmp_path: Path) -> Bench:
    """Makes a project; `kubeconfig` is the cluster it is to see."""

    def make(kubeconfig: Path | None = None) -> Workbench:
        return Workbench(tmp_path / uuid.uuid4().hex[:6], pulumi_home, kubeconfig)

    return make


@pytest.fixture
def stack(bench: Bench, cluster: ApiServer) -> Workbench:
    """A project on the cluster. What it leaves there goes with the cluster."""
    return bench(cluster.kubeconfig)
