"""An `up` without a change, against a `kubectl apply --server-side` of the same objects."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

from tests.bench.figures import seconds, table
from tests.cluster.checkout import Checkout

UP = ("up", "--yes", "--skip-preview", "--stack", "dev")


def applied_objects(checkout: Checkout) -> Path:
    """Write the stack's Kubernetes objects to a manifest for kubectl; returns its path."""
    exported = checkout.pulumi("stack", "export", "--show-secrets", "--stack", "dev").stdout
    resources = json.loads(exported)["deployment"]["resources"]
    objects = [
        each["inputs"] | {"metadata": _metadata(each["inputs"]["metadata"])}
        for each in resources
        if each["type"].startswith("kubernetes:") and "kind" in each.get("inputs", {})
    ]
    path = checkout.root / "objects.json"
    manifest = {"apiVersion": "v1", "kind": "List", "items": _plain(objects)}
    path.write_text(json.dumps(manifest))
    return path


def _metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in metadata.items() if key != "managedFields"}


def _plain(value: Any) -> Any:
    """`value` with the engine's secrets replaced by their plain values."""
    if isinstance(value, dict):
        if "plaintext" in value:
            return _plain(json.loads(value["plaintext"]))
        return {key: _plain(inner) for key, inner in value.items() if not key.startswith("__")}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def unchanged_up(checkout: Checkout) -> None:
    rows = []
    config = checkout.config()
    model = config["config"]["slipway:models"]["half_plus_two"]
    for models in (1, 10, 50):
        small = {"requests": {"cpu": "10m", "memory": "64Mi"}}
        source = {**model["source"], "path": "half_plus_two"}
        config["config"]["slipway:models"] = {
            f"half_plus_two_{number}": {**model, "resources": small, "source": source}
            for number in range(models)
        }
        checkout.write_config(config)
        created = seconds(lambda: checkout.run("pulumi", *UP, timeout=1200))
        objects = applied_objects(checkout)
        server_side_apply(checkout, objects)  # the first one makes it a co-owner of the fields
        runs = [(no_op_up(checkout), server_side_apply(checkout, objects)) for _ in range(3)]
        no_op, applied = (statistics.median(times) for times in zip(*runs, strict=True))
        count = len(json.loads(objects.read_text())["items"])
        rows.append(
            [
                str(models),
                str(count),
                f"{created:.1f} s",
                f"{no_op:.2f} s",
                f"{applied:.2f} s",
                f"{no_op / applied:.1f}",
            ]
        )
    header = ["models", "objects", "up that adds them", "no-op up", "no-op apply", "ratio"]
    table(
        "A `pulumi up` and a `kubectl apply --server-side` that change nothing, same objects"
        " (median of 3)",
        header,
        rows,
    )


def no_op_up(checkout: Checkout) -> float:
    return seconds(lambda: checkout.pulumi(*UP, "--expect-no-changes"))


def server_side_apply(checkout: Checkout, objects: Path) -> float:
    """Seconds for kubectl to apply all objects unchanged, once it co-owns their fields. Conflicts
    are forced, since the API server reports them for empty values (`ingress: []`)."""
    apply = ("apply", "--server-side", "--force-conflicts", "--field-manager=bench", "-o", "name")
    return seconds(lambda: checkout.kubectl(*apply, "-f", str(objects)))
