"""Finds the versions of a model to serve, by its directory and its version policy."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

from .errors import invalid

log = logging.getLogger(__name__)

_NUMBER = re.compile(r"[+-]?\d+")


def aspired(config: Any) -> dict[int, Path]:
    """Version number → directory, for the versions that `config` (a ModelConfig) selects.

    Raises ServingError if the base path does not exist. An empty one is only a warning, since the
    versions may come later.
    """
    base = Path(config.base_path)
    try:
        children = sorted(base.iterdir())
    except OSError as error:
        raise invalid(
            f"Could not find base path {base} for servable {config.name} with error "
            f"{error.strerror}"
        ) from error
    offered = {int(child.name): child for child in children if _NUMBER.fullmatch(child.name)}
    selected = _selected(config, sorted(offered, reverse=True))
    if not selected:
        log.warning(
            "No versions of servable %s found under base path %s. Did you forget to name your "
            "leaf directory as a number (eg. '/1/')?",
            config.name,
            base,
        )
    return {number: offered[number] for number in selected}


def _selected(config: Any, newest_first: list[int]) -> list[int]:
    policy = config.model_version_policy
    match policy.WhichOneof("policy_choice"):
        case "all":
            return newest_first
        case "specific":
            for missing in sorted(set(policy.specific.versions) - set(newest_first)):
                log.warning(
                    "Version %s of servable %s, which was requested to be served as a 'specific' "
                    "version in the servable's version policy, was not found in the file system",
                    missing,
                    config.name,
                )
            return [number for number in newest_first if number in policy.specific.versions]
        case _:
            return newest_first[: max(policy.latest.num_versions, 1)]
