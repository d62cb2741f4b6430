"""Checks that no add-on is named by its old name and its new one."""

from __future__ import annotations

from collections.abc import Iterator

from components.config.mistakes import Mistake
from components.config.parsed import Parsed
from components.config.stack_config import METRICS_ADDON


def check(config: Parsed) -> Iterator[Mistake]:
    if config.metrics is not None and METRICS_ADDON in config.names("addons"):
        yield Mistake(
            path="slipway:metrics",
            shown=None,
            expected=f"`slipway:addons.{METRICS_ADDON}` alone, of which this is the old name",
            fix="take `metrics` out",
        )
