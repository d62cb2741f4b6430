"""Checks that a stack with models has a gateway."""

from __future__ import annotations

from collections.abc import Iterator

from components.config.mistakes import Mistake
from components.config.parsed import Parsed


def check(config: Parsed) -> Iterator[Mistake]:
    if config.gateway is not None or not (config.names("models") or config.names("volumes")):
        return
    zone = None if config.cluster is None else config.cluster.dns_zone
    named = f", host: models.{zone}" if zone else ""
    yield Mistake(
        path="slipway:gateway",
        shown=None,
        expected="a value, since there are models",
        fix=f"write `gateway: {{kind: nginx{named}}}`",
    )
