"""`make up` and `make down` killed with SIGKILL, with and without their children, and run again."""

from __future__ import annotations

import time

from tests.cluster.checkout import Checkout
from tests.cluster.killed import KUBELET_STARTS, SERVER_IS_MADE, Target, prints
from tests.cluster.machine import leftovers, picture, settled_picture

HALF_PLUS_TWO = [2.5, 3.0, 4.5]
#: Seconds for the engine to end after its parent was killed.
ENGINE_ENDS = 10.0
#: The process name of a plugin, which the kernel cuts off.
PLUGIN = "pulumi-resource"


def test_after_a_kill_the_next_run_continues_and_make_down_leaves_nothing(
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
        assert "pulumi" in processes(fresh).values()
        up.kill_python_alone()
    deadline = time.monotonic() + ENGINE_ENDS
    while alive := {name for name in processes(fresh).values() if not name.startswith(PLUGIN)}:
        assert time.monotonic() < deadline, f"alive after {ENGINE_ENDS:.0f} s: {alive}"
        time.sleep(0.1)
    plugins = processes(fresh)  # they look for their engine only every five minutes
    assert fresh.last_answer() == HALF_PLUS_TWO, "without a `make down` in between"
    assert plugins.items() & processes(fresh).items() == set()

    with Target(fresh, "down") as down:
        print(f"make down killed: {down.until(prints(' deleted (', times=5))}")
        down.kill()
    for _ in range(2):  # the second one has nothing to do and succeeds
        fresh.run("make", "down")
        assert leftovers(before, name, fresh.root) == {}


def processes(checkout: Checkout) -> dict[str, str]:
    """Process id → name, of the processes that run for the checkout outside of its cluster."""
    rows = (row.split(" ") for row in picture(checkout.cluster_name, checkout.root).processes)
    return {number: program for number, program, cluster in rows if not cluster}
