"""`make up` killed with SIGKILL at every point of its run, and run again each time."""

from __future__ import annotations

import pytest

from tests.cluster.checkout import Checkout
from tests.cluster.killed import POINTS, Point, Target
from tests.cluster.machine import leftovers, settled_picture


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.name)
def test_make_down_leaves_nothing_and_make_up_works(fresh: Checkout, point: Point) -> None:
    name = fresh.cluster_name
    before = settled_picture(name, fresh.root)
    with Target(fresh, "up") as up:
        print(f"make up killed: {up.until(point)}")
        up.kill()
    fresh.run("make", "down")
    assert leftovers(before, name, fresh.root) == {}
    assert fresh.last_answer() == [2.5, 3.0, 4.5]
    fresh.run("make", "down")
    assert leftovers(before, name, fresh.root) == {}
