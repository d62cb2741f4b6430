"""Registers the objects of a file with the Kubernetes SDK's own classes, and does nothing else.

`make bench` runs `typed.py <objects.json>` after `evaluate.py`, which writes the file. It prints
the seconds and the peak memory of a program that consists only of
`pulumi_kubernetes.apps.v1.Deployment(…)` and the like.
"""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

#: Maps whose keys the user chooses; they are not names of Kubernetes fields.
FREE = {"labels", "matchLabels", "annotations", "data", "stringData", "requests", "limits"}
PYTHON_NAMES = {"from": "from_"}


def python_names(value: Any, key: str = "") -> Any:
    """`value` with the SDK's names of fields: `container_port` for `containerPort`."""
    if isinstance(value, dict):
        return {
            name if key in FREE else python_name(name): python_names(inner, name)
            for name, inner in value.items()
        }
    return [python_names(inner) for inner in value] if isinstance(value, list) else value


def python_name(name: str) -> str:
    snake = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
    return PYTHON_NAMES.get(snake, snake)


def sdk_class(token: str) -> Any:
    """`kubernetes:networking.k8s.io/v1:Ingress` → `pulumi_kubernetes.networking.v1.Ingress`."""
    _, version, kind = token.split(":")
    group, _, number = version.partition("/")
    return getattr(import_module(f"pulumi_kubernetes.{group.partition('.')[0]}.{number}"), kind)


def main() -> None:
    objects = [
        (token, name, {python_name(key): python_names(value, key) for key, value in fields.items()})
        for token, name, fields in json.loads(Path(sys.argv[1]).read_text())
    ]
    prepared = time.perf_counter()
    import pulumi
    from pulumi_kubernetes import Provider

    class Mocks(pulumi.runtime.Mocks):
        registered = 0

        def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[Any, Any]]:
            Mocks.registered += 1
            return f"{args.name}-id", dict(args.inputs)

        def call(self, args: pulumi.runtime.MockCallArgs) -> dict[Any, Any]:
            return {}

    pulumi.runtime.set_mocks(Mocks(), project="slipway", stack="bench", preview=True)

    @pulumi.runtime.test
    def evaluate() -> None:
        opts = pulumi.ResourceOptions(provider=Provider("provider", kubeconfig="{}"))
        for token, name, fields in objects:
            fields.pop("api_version", None)
            fields.pop("kind", None)
            sdk_class(token)(name, **fields, opts=opts)

    evaluate()
    assert len(objects) < Mocks.registered, "the provider, and every object"
    seconds = time.perf_counter() - prepared
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": seconds, "kilobytes": peak, "resources": Mocks.registered}))


if __name__ == "__main__":
    main()
