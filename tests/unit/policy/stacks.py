"""The stack files in the repository whose cluster a cloud has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
CLOUDS = ("ack", "eks", "gke")


def stacks() -> dict[str, dict[str, Any]]:
    """By path, the configuration of each."""
    found = {}
    for path in [*ROOT.glob("Pulumi.*.yaml"), *ROOT.glob("examples/*/*.yaml")]:
        config = (yaml.safe_load(path.read_text()) or {}).get("config") or {}
        if (config.get("slipway:cluster") or {}).get("kind") in CLOUDS:
            found[path.relative_to(ROOT).as_posix()] = config
    return found
