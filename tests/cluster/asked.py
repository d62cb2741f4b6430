"""Calls all the time, while something is done to what answers them."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.cluster.checkout import Checkout

#: What `half_plus_two` answers to 1, 2 and 5.
HALF_PLUS_TWO = [2.5, 3.0, 4.5]
#: Seconds in which a version that is put there is served.
SOON = 60.0
_ASKING = Path(__file__).parent / "asking.py"


@contextlib.contextmanager
def asked_all_the_time(
    checkout: Checkout,
    model: str,
    *right: list[float],
    outputs: dict[str, Any] | None = None,
    begin: str = "answered",
) -> Iterator[dict[str, dict[str, Any]]]:
    """Ask `model` over kept connections, without a second try, until the block ends; then the
    mapping holds for each way `calls`, the `answers` in the order in which they came first,
    `failed` and the `first` failures, and the `outcomes` in their order. An answer that is not
    `right` is a failure. A model that is not served yet is in the `outputs` that are given, and
    calls `begin` while it is `routeless`."""
    file = checkout.root / ".slipway" / f"asked-{model}.json"
    file.write_text(json.dumps(checkout.outputs() if outputs is None else outputs))
    found: dict[str, dict[str, Any]] = {}
    asking = subprocess.Popen(
        [
            *[str(checkout.root / ".venv-client/bin/python"), str(_ASKING), str(file), model],
            *[json.dumps(right or [HALF_PLUS_TWO]), begin],
        ],
        cwd=checkout.root,
        env={**os.environ, "PYTHONPATH": str(checkout.root)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert asking.stdout is not None
        assert asking.stdout.readline() == "asking\n"
        yield found
        printed, _ = asking.communicate(timeout=60)
        found.update(json.loads(printed))
    finally:
        asking.kill()
        asking.wait()
        file.unlink()


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for `condition`, at most `SOON`."""
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline, f"waited {SOON:g} s for {what}"
        time.sleep(0.5)
