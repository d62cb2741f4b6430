"""Calls a model continuously while a test changes the stack."""

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

#: The prediction of `half_plus_two` for 1, 2 and 5.
HALF_PLUS_TWO = [2.5, 3.0, 4.5]
#: Seconds for a new version of a model to be served.
SOON = 60.0
_CALLER = Path(__file__).parent / "continuous_caller.py"


@contextlib.contextmanager
def calling_continuously(
    checkout: Checkout,
    model: str,
    *expected: list[float],
    outputs: dict[str, Any] | None = None,
    begin: str = "answered",
) -> Iterator[dict[str, dict[str, Any]]]:
    """Call `model` over kept connections, without retries, until the block ends.

    The mapping then has for `grpc` and `rest`: the number of `calls`, the distinct `answers` in
    their order, the number of calls that `failed`, the `first` failures, and the `outcomes` in
    their order. An answer that is not `expected` is a failure. For a model that is not served yet,
    pass `outputs` with its endpoint and `begin="routeless"`."""
    file = checkout.root / ".slipway" / f"called-{model}.json"
    file.write_text(json.dumps(checkout.outputs() if outputs is None else outputs))
    results: dict[str, dict[str, Any]] = {}
    caller = subprocess.Popen(
        [
            *[str(checkout.root / ".venv-client/bin/python"), str(_CALLER), str(file), model],
            *[json.dumps(expected or [HALF_PLUS_TWO]), begin],
        ],
        cwd=checkout.root,
        env={**os.environ, "PYTHONPATH": str(checkout.root)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert caller.stdout is not None
        assert caller.stdout.readline() == "calling\n"
        yield results
        printed, _ = caller.communicate(timeout=60)
        results.update(json.loads(printed))
    finally:
        caller.kill()
        caller.wait()
        file.unlink()


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for `condition`, at most `SOON` seconds."""
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline, f"waited {SOON:g} s for {what}"
        time.sleep(0.5)
