"""One checkout with a running dev stack, for all tests that only read it or restore it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.checkout import Checkout


def _missing() -> str:
    if sys.platform != "linux":
        return f"a cluster needs Linux, this is {sys.platform}"
    return "" if os.geteuid() == 0 else "a cluster needs root (namespaces, mounts, cgroups)"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if reason := _missing():
        for item in items:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """The running dev stack, in a checkout of its own."""
    checkout = Checkout(tmp_path_factory.mktemp("dev"))
    try:
        checkout.printed = checkout.run("make", "up").stdout
        checkout.read_environment()
        yield checkout
    finally:
        checkout.run("make", "down")


@pytest.fixture
def changed(dev: Checkout) -> Iterator[Checkout]:
    """The dev stack, for a test that changes it: restores configuration and objects afterwards."""
    yield dev
    dev.restore_config()
    dev.pulumi("up", "--yes", "--skip-preview", "--stack", "dev")


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Checkout]:
    """A second checkout without a cluster. Runs `make down` in it afterwards."""
    checkout = Checkout(tmp_path)
    yield checkout
    checkout.run("make", "down")
