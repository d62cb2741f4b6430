"""`make up` killed with SIGKILL wherever it happens to be."""

from __future__ import annotations

import json
import os
import time

from tests.cluster.checkout import Checkout, kill_group, start
from tests.cluster.machine import picture

HALF_PLUS_TWO = [2.5, 3.0, 4.5]

#: Set, every kill is followed by a whole `make up` as well, not just the last.
THOROUGH = bool(os.environ.get("SLIPWAY_THOROUGH"))

#: Seconds after which `make up` is killed: from before its first process to the running stack.
MOMENTS = (0.3, 1.0, 2.0, 3.5, 5.0, 7.0, 9.0, 12.0, 16.0, 22.0)


def test_a_second_clone_comes_and_goes_beside_the_first_and_leaves_nothing(
    dev: Checkout, fresh: Checkout
) -> None:
    before = picture(dev.cluster_name, fresh.root)
    assert last_answer(fresh) == HALF_PLUS_TWO
    assert fresh.cluster_name != dev.cluster_name
    assert dev.predict("half_plus_two", "1", "2", "5") == HALF_PLUS_TWO
    fresh.run("make", "down")
    assert picture(dev.cluster_name, fresh.root) == before
    assert dev.predict("half_plus_two", "1", "2", "5") == HALF_PLUS_TWO


def test_make_up_killed_at_any_moment_leaves_nothing_after_make_down(
    dev: Checkout, fresh: Checkout
) -> None:
    before = picture(dev.cluster_name, fresh.root)
    for moment in MOMENTS:
        killed = start(fresh, "make", "up")
        time.sleep(moment)
        kill_group(killed)
        fresh.run("make", "down")
        assert picture(dev.cluster_name, fresh.root) == before, f"killed after {moment} s"
        if THOROUGH:
            assert last_answer(fresh) == HALF_PLUS_TWO, f"killed after {moment} s"
            fresh.run("make", "down")
    assert last_answer(fresh) == HALF_PLUS_TWO


def test_make_up_goes_on_where_a_killed_one_was(fresh: Checkout) -> None:
    killed = start(fresh, "make", "up")
    time.sleep(MOMENTS[-2])
    kill_group(killed)
    assert last_answer(fresh) == HALF_PLUS_TWO


def last_answer(checkout: Checkout) -> list[float]:
    answer: list[float] = json.loads(checkout.run("make", "up").stdout.splitlines()[-1])
    return answer
