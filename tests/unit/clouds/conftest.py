"""Recordings that many tests read, and none changes."""

from __future__ import annotations

import pytest

from tests.unit.clouds import ack_stack, gke
from tests.unit.components.conftest import cluster
from tests.unit.components.engine import Recording

__all__ = ["cluster"]


@pytest.fixture(scope="session")
def full_ack() -> Recording:
    """A cluster on ACK with all optional parts."""
    return ack_stack.up(
        ack_stack.ack(
            shared_storage=True, registry={"instance": "cri-1"}, dns={"zone": "example.com"}
        )
    )


@pytest.fixture(scope="session")
def plain_gke() -> Recording:
    """A cluster on GKE without optional parts."""
    return gke.up()
