"""The stack files in the repository that make a cluster in a cloud."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
CLOUDS = ("ack", "eks", "gke")


def stacks() -> dict[str, dict[str, Any]]:
    """Their configurations, by path."""
    configs = {}
    for path in [*ROOT.glob("Pulumi.*.yaml"), *ROOT.glob("examples/*/*.yaml")]:
        config = (yaml.safe_load(path.read_text()) or {}).get("config") or {}
        if (config.get("slipway:cluster") or {}).get("kind") in CLOUDS:
            configs[path.relative_to(ROOT).as_posix()] = config
    return configs
