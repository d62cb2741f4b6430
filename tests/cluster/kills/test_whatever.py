"""`make up` and `make down` killed with SIGKILL, and run again, with and without what they started."""

from __future__ import annotations

import time

from tests.cluster.checkout import Checkout
from tests.cluster.killed import KUBELET_STARTS, SERVER_IS_MADE, Target, prints
from tests.cluster.machine import leftovers, picture, settled_picture

HALF_PLUS_TWO = [2.5, 3.0, 4.5]
#: Seconds in which the engine ends when who started it is killed.
ENGINE_ENDS = 10.0
#: How the kernel calls a plugin.
PLUGIN = "pulumi-resource"


def test_whatever_is_killed_the_next_run_goes_on_and_make_down_leaves_nothing(
    fresh: Checkout,
) -> None:
    name = fresh.cluster_name
    before = settled_picture(name, fresh.root)
    with Target(fresh, "up") as up:
        print(f"make up killed: {up.until(KUBELET_STARTS)}")
        up.kill()
    fresh.run("make", "down")
    assert leftovers(before, name, fresh.root) == {}

    with Target(fresh, "up") as up:
        print(f"Python alone killed: {up.until(SERVER_IS_MADE)}")
        assert "pulumi" in at_work(fresh).values()
        up.kill_python_alone()
    deadline = time.monotonic() + ENGINE_ENDS
    while left := {name for name in at_work(fresh).values() if not name.startswith(PLUGIN)}:
        assert time.monotonic() < deadline, f"still there after {ENGINE_ENDS:.0f} s: {left}"
        time.sleep(0.1)
    plugins = at_work(fresh)  # which look for their engine every five minutes
    assert fresh.last_answer() == HALF_PLUS_TWO, "without a `make down` in between"
    assert plugins.items() & at_work(fresh).items() == set()

    with Target(fresh, "down") as down:
        print(f"make down killed: {down.until(prints(' deleted (', times=5))}")
        down.kill()
    for _ in range(2):  # the second finds nothing to do, and says so by ending well
        fresh.run("make", "down")
        assert leftovers(before, name, fresh.root) == {}


def at_work(checkout: Checkout) -> dict[str, str]:
    """By their ids, the names of the processes that work on the checkout, those in its cluster
    left out."""
    found = (one.split(" ") for one in picture(checkout.cluster_name, checkout.root).processes)
    return {number: program for number, program, cluster in found if not cluster}
