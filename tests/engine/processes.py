"""Processes that run beside the tests and end with them."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


@contextmanager
def process(
    log: Path, command: list[str], environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Starts `command` with its output in `log`; ends it at the end."""
    with log.open("ab") as output:
        started = subprocess.Popen(
            command,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=_end_with_the_tests,  # noqa: PLW1509 (it takes no lock and allocates nothing)
        )
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(timeout=5)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


def _end_with_the_tests() -> None:
    """In the child: makes the kernel kill it when the tests are killed, which then stop nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
