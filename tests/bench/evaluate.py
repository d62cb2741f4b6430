"""Evaluate the program once for N models against a mocked engine; print seconds and peak memory.
With a second argument, write the Kubernetes objects that it registered to that file.

`make bench` runs it in a process of its own for each N, so that the start-up counts. The mocks
answer at once, so the figures are those of Python, without an engine and a cluster.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any, ClassVar

STARTED = time.perf_counter()


def configuration(models: int) -> dict[str, str]:
    """A configuration like the dev stack's, with `models` models."""
    model = {
        "runtime": "tfserving",
        "source": {"kind": "pvc", "claim": "models", "path": "half_plus_two"},
    }
    sections: dict[str, Any] = {
        "cluster": {"kind": "existing", "kubeconfig": os.environ["KUBECONFIG"]},
        "gateway": {
            "kind": "nginx",
            "controller": "traefik",
            "host": "models.localhost",
            "tls": {"kind": "self-signed"},
        },
        "volumes": {"models": {"size": "1Gi"}},
        "models": {f"model{number}": model for number in range(models)},
    }
    return {f"slipway:{key}": json.dumps(value) for key, value in sections.items()}


def main() -> None:
    import pulumi

    class Mocks(pulumi.runtime.Mocks):
        registered = 0
        objects: ClassVar[list[tuple[str, str, Any]]] = []

        def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[Any, Any]]:
            Mocks.registered += 1
            if args.typ.startswith("kubernetes:"):
                Mocks.objects.append((args.typ, args.name, args.inputs))
            return f"{args.name}-id", dict(args.inputs)

        def call(self, args: pulumi.runtime.MockCallArgs) -> dict[Any, Any]:
            return {}

    pulumi.runtime.set_mocks(Mocks(), project="slipway", stack="bench", preview=True)
    pulumi.runtime.set_all_config(configuration(int(sys.argv[1])))

    @pulumi.runtime.test
    def evaluate() -> None:
        import runpy

        runpy.run_path("__main__.py", run_name="__main__")

    evaluate()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = time.perf_counter() - STARTED
    if len(sys.argv) > 2:
        Path(sys.argv[2]).write_text(json.dumps(Mocks.objects, default=lambda unknown: "later"))
    print(json.dumps({"seconds": seconds, "kilobytes": peak, "resources": Mocks.registered}))


if __name__ == "__main__":
    main()
