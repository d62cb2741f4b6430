"""`make bench`: what Slipway costs, as ratios of figures that are measured in one run.

- `make up` with cached tools;
- evaluating the program for more and more models, and for the stacks of the clouds;
- an `up` without a change, against a `kubectl apply --server-side` of the same objects;
- a prediction through the gateway, against one to the pod's Service;
- a prediction of many numbers in each encoding.

Everything runs in a checkout and a cluster of its own.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.evaluation import clouds, evaluation
from tests.bench.figures import seconds, table
from tests.bench.predictions import encodings, gateway
from tests.bench.unchanged import unchanged_up
from tests.cluster.checkout import ROOT, Checkout


def warm_up(checkout: Checkout) -> None:
    """Time `make up` with cached tools and images. Leaves the stack up."""
    new = seconds(lambda: checkout.run("make", "up"))
    again = seconds(lambda: checkout.run("make", "up"))
    checkout.run("make", "down")
    after = seconds(lambda: checkout.run("make", "up"))
    rows = [
        ["in a new clone", f"{new:.1f} s"],
        ["after `make down`", f"{after:.1f} s"],
        ["with everything up", f"{again:.1f} s"],
    ]
    table("`make up` with the tools cached (once each)", ["", "time"], rows)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as directory:
        checkout = Checkout(Path(directory))
        try:
            print("tools, then a cluster of its own ...", file=sys.stderr, flush=True)
            subprocess.run(["make", "tools"], cwd=ROOT, check=True, stdout=2)
            warm_up(checkout)
            checkout.read_environment()
            evaluation(checkout)
            clouds(checkout)
            gateway(checkout)
            encodings(checkout)
            unchanged_up(checkout)
        finally:
            subprocess.run(["make", "down"], cwd=directory, check=False, stdout=2)


if __name__ == "__main__":
    main()
