"""Stacks that many tests look at, and no test changes."""

from __future__ import annotations

import pytest

from tests.unit.clouds import ack_stack, gke
from tests.unit.components.conftest import cluster
from tests.unit.components.engine import Recording

__all__ = ["cluster"]


@pytest.fixture(scope="session")
def all_of_ack() -> Recording:
    """A cluster on ACK with all that there is."""
    return ack_stack.up(
        ack_stack.ack(
            shared_storage=True, registry={"instance": "cri-1"}, dns={"zone": "example.com"}
        )
    )


@pytest.fixture(scope="session")
def made_on_gke() -> Recording:
    return gke.up()
