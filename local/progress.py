"""Prints steps with their times: one line rewritten in place on a terminal, else a line now and
then."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator

#: Seconds between two lines about one step without a terminal.
HEARTBEAT = 30.0


class Step:
    """A running step; `note` prints its present state."""

    def __init__(self, title: str) -> None:
        self.title = title
        self._note = ""
        self._started = time.monotonic()
        self._tty = sys.stderr.isatty()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def note(self, text: str) -> None:
        self._note = text

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    def _line(self) -> str:
        detail = f": {self._note}" if self._note else ""
        return f"{self.title}{detail} ({self.seconds:.0f} s)"

    def _beat(self) -> None:
        while not self._done.wait(0.2 if self._tty else HEARTBEAT):
            if self._tty:
                print(f"\r\033[K  {self._line()[:110]}", end="", file=sys.stderr, flush=True)
            else:
                print(f"  ... {self._line()}", file=sys.stderr, flush=True)

    def _end(self, mark: str) -> None:
        self._done.set()
        if self._thread.is_alive():
            self._thread.join()
        erase = "\r\033[K" if self._tty else ""
        print(f"{erase}{mark} {self._line()}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(title: str) -> Iterator[Step]:
    """Print `title` when the block begins, and its result and duration when it ends."""
    current = Step(title)
    current._thread.start()
    try:
        yield current
    except BaseException:
        current._end("✗")
        raise
    current._end("✓")


def say(text: str) -> None:
    """Print one line for the user to stderr. stdout is for what other programs read."""
    print(text, file=sys.stderr, flush=True)
