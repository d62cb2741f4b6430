from __future__ import annotations

import pytest

from components.clusters.kubeconfig_options import KubeconfigOptions
from tests.unit.components.conftest import cluster

__all__ = ["cluster"]


@pytest.fixture
def unprobed(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test connects to the cluster, which thousands of stack files would."""
    monkeypatch.setattr(KubeconfigOptions, "unreachable", lambda _: None)
