"""Runs a `make` target and kills it when it has reached a certain point."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.cluster.checkout import TIMEOUT, Checkout
from tests.cluster.machine import BASE


@dataclass(frozen=True)
class Point:
    """A point of a run: its name, and a condition that holds once it is reached."""

    name: str
    reached: Callable[[Target], bool]


class Target:
    """`make <target>` in a process group of its own. Its stderr goes to a file."""

    def __init__(self, checkout: Checkout, target: str) -> None:
        self.checkout, self.target = checkout, target
        self._log = checkout.root.parent / f"{checkout.root.name}-{target}.log"
        self._started = time.monotonic()
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["make", target],
                cwd=checkout.root,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._process.poll() is None:
            self.kill()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    def printed(self, words: str) -> int:
        """The number of printed lines that contain `words`."""
        lines = self._log.read_text(errors="replace").splitlines()
        return sum(words in line for line in lines)

    def cluster_has(self, name: str) -> bool:
        """Whether the cluster's directory contains `name`."""
        return (BASE / self.checkout.cluster_name / name).exists()

    def until(self, point: Point) -> str:
        """Wait for `point`, which must be reached before the target ends. Returns a description of
        the target's progress."""
        while not point.reached(self):
            late = self._process.poll() is not None or self.seconds > TIMEOUT
            assert not late, f"`make {self.target}` never came to: {point.name}\n{self._end()}"
            time.sleep(0.01)
        assert self._process.poll() is None, f"`make {self.target}` was over"
        return f"{point.name} ({self.seconds:.1f} s, last line: {self._end(1).strip()!r})"

    def kill(self) -> None:
        """Send SIGKILL to its process group."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def kill_python_alone(self) -> None:
        """Send SIGKILL to the Python process that runs `local`, but not to its children."""
        arguments = ["-m", "local", self.target]
        (worker,) = (pid for pid in _children(self._process.pid) if _words(pid)[1:] == arguments)
        os.kill(worker, signal.SIGKILL)
        self._process.wait()

    def _end(self, lines: int = 20) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-lines:])


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _words(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").split("\0")


def prints(words: str, times: int = 1) -> Point:
    name = words if times == 1 else f"{times} times {words}"
    return Point(f"printed `{name}`", lambda target: target.printed(words) >= times)


def cluster_has(name: str) -> Point:
    return Point(f"the cluster has {name}", lambda target: target.cluster_has(name))


def has_an_environment(target: Target) -> bool:
    """Whether an environment is partly or just completely made: links to a compiled one are made
    within milliseconds."""
    return (target.checkout.root / ".venv").exists()


#: The points at which `make up` is killed, in the order of its run.
POINTS = (
    Point("0.2 s after it was called", lambda target: target.seconds > 0.2),
    Point("an environment has been begun", has_an_environment),
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
KUBELET_STARTS = POINTS[4]
SERVER_IS_MADE = POINTS[-3]
