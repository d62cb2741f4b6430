"""Evaluate the program once for a stack file against a mocked engine; print seconds and peak memory.

`make bench` runs it in a process of its own for each file, so that the start-up counts.
"""

from __future__ import annotations

import time

STARTED = time.perf_counter()

import json
import resource
import sys
from pathlib import Path

import yaml

from tests.unit.clouds.every import CLOUDS
from tests.unit.components.engine import run


def main() -> None:
    from components.config.load import load
    from components.stack import deploy

    config = yaml.safe_load(Path(sys.argv[1]).read_text())["config"]
    cloud = CLOUDS.get(config["slipway:cluster"]["kind"])
    recording = run(lambda: deploy(load()), config, cloud=cloud)
    seconds = time.perf_counter() - STARTED
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    count = len(recording.resources)
    print(json.dumps({"seconds": seconds, "kilobytes": peak, "resources": count}))


if __name__ == "__main__":
    main()
