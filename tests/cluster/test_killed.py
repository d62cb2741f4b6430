"""`make up` and `make down` killed with SIGKILL, and run again."""

from __future__ import annotations

import json
import os
import time

from tests.cluster.checkout import Checkout
from tests.cluster.killed import Point, Target
from tests.cluster.machine import leftovers, picture

HALF_PLUS_TWO = [2.5, 3.0, 4.5]

#: Set, every kill is followed by a whole `make up` as well, not just the last.
THOROUGH = bool(os.environ.get("SLIPWAY_THOROUGH"))


def prints(words: str, times: int = 1) -> Point:
    name = words if times == 1 else f"{times} times {words}"
    return Point(f"printed `{name}`", lambda target: target.printed(words) >= times)


def cluster_has(name: str) -> Point:
    return Point(f"the cluster has {name}", lambda target: target.cluster_has(name))


def makes_an_environment(target: Target) -> bool:
    venv = target.checkout.root / ".venv"
    return venv.exists() and not (venv / ".slipway-stamp").exists()


#: The points at which `make up` is killed, in its own order.
POINTS = (
    Point("0.2 s after it was called", lambda target: target.seconds > 0.2),
    Point("an environment is half made", makes_an_environment),
    cluster_has("supervisor.err"),
    cluster_has("logs/containerd.log"),
    cluster_has("logs/kubelet.log"),
    prints("✓ Kubernetes"),
    prints(" creating ("),
    prints(" created (", times=15),
    prints("half-plus-two-server creating"),
    prints("half-plus-two-route-grpc creating"),
    prints("over grpc through the gateway"),
)
SERVER_IS_MADE = POINTS[-3]
#: Seconds in which the engine and its plugins end when who started them is killed.
ENGINE_ENDS = 10.0


def test_a_second_clone_comes_and_goes_beside_the_first_and_leaves_nothing(
    dev: Checkout, fresh: Checkout
) -> None:
    name = fresh.cluster_name
    before = picture(name, fresh.root)
    assert last_answer(fresh) == HALF_PLUS_TWO
    assert name != dev.cluster_name
    assert dev.predict("half_plus_two", "1", "2", "5") == HALF_PLUS_TWO
    fresh.run("make", "down")
    assert leftovers(before, name, fresh.root) == {}
    assert dev.predict("half_plus_two", "1", "2", "5") == HALF_PLUS_TWO


def test_make_up_killed_at_any_point_leaves_nothing_after_make_down(fresh: Checkout) -> None:
    name = fresh.cluster_name
    before = picture(name, fresh.root)
    for point in POINTS:
        with Target(fresh, "up") as up:
            where = up.until(point)
            up.kill()
        print(f"make up killed: {where}")
        fresh.run("make", "down")
        assert leftovers(before, name, fresh.root) == {}, f"killed: {where}"
        if THOROUGH:
            assert last_answer(fresh) == HALF_PLUS_TWO, f"killed: {where}"
            fresh.run("make", "down")
    assert last_answer(fresh) == HALF_PLUS_TWO


def test_make_up_goes_on_where_a_killed_one_was(fresh: Checkout) -> None:
    with Target(fresh, "up") as up:
        up.until(SERVER_IS_MADE)
        up.kill()
    assert last_answer(fresh) == HALF_PLUS_TWO


def test_the_engine_ends_with_a_make_up_that_is_killed_alone(fresh: Checkout) -> None:
    name = fresh.cluster_name
    before = picture(name, fresh.root)
    with Target(fresh, "up") as up:
        up.until(SERVER_IS_MADE)
        assert "pulumi" in at_work(fresh)
        up.kill_python_alone()
    deadline = time.monotonic() + ENGINE_ENDS
    while left := at_work(fresh):
        assert time.monotonic() < deadline, f"still there after {ENGINE_ENDS:.0f} s: {left}"
        time.sleep(0.1)
    fresh.run("make", "down")
    assert leftovers(before, name, fresh.root) == {}
    assert last_answer(fresh) == HALF_PLUS_TWO


def at_work(checkout: Checkout) -> set[str]:
    """The names of the processes that work on the checkout, those in its cluster left out."""
    found = (one.split(" ") for one in picture(checkout.cluster_name, checkout.root).processes)
    return {program for _, program, cluster in found if not cluster}


def test_make_down_killed_halfway_is_finished_by_the_next(fresh: Checkout) -> None:
    name = fresh.cluster_name
    before = picture(name, fresh.root)
    assert last_answer(fresh) == HALF_PLUS_TWO
    with Target(fresh, "down") as down:
        print(f"make down killed: {down.until(prints(' deleted (', times=5))}")
        down.kill()
    for _ in range(2):  # the second finds nothing to do, and says so by ending well
        fresh.run("make", "down")
        assert leftovers(before, name, fresh.root) == {}
    assert last_answer(fresh) == HALF_PLUS_TWO


def last_answer(checkout: Checkout) -> list[float]:
    answer: list[float] = json.loads(checkout.run("make", "up").stdout.splitlines()[-1])
    return answer
