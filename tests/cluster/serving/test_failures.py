"""A version that never becomes ready: what serves goes on serving."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster.asked import HALF_PLUS_TWO, asked_all_the_time
from tests.cluster.checkout import Checkout


@pytest.fixture
def stack(dev: Checkout) -> Iterator[Checkout]:
    """The dev stack, whose model is given a directory that does not exist."""
    source = {"kind": "pvc", "claim": "models", "path": "gone"}
    config: dict[str, Any] = dev.config()
    config["config"]["slipway:models"]["half_plus_two"] |= {
        "source": source,
        "startup_timeout": "40s",
    }
    dev.write_config(config)
    try:
        yield dev
    finally:
        dev.restore_config()
        dev.pulumi("up", "--yes", "--skip-preview", "--stack", "dev")


def test_a_version_that_never_becomes_ready_fails_up_and_leaves_the_old_one_serving(
    stack: Checkout,
) -> None:
    with asked_all_the_time(stack, "half_plus_two") as asked:
        done = stack.pulumi("up", "--yes", "--skip-preview", "--stack", "dev", check=False)
    assert done.returncode != 0
    for way in ("grpc", "rest"):
        assert asked[way]["failed"] == 0, asked[way]["first"]
        assert asked[way]["calls"] > 300, way
    assert stack.predict("half_plus_two", "1", "2", "5") == HALF_PLUS_TWO
