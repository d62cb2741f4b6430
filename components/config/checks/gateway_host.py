"""Checks that the gateway's host lies in the DNS zone of the cluster."""

from __future__ import annotations

from collections.abc import Iterator

from components.config.mistakes import Mistake
from components.config.parsed import Parsed
from components.config.secret_scan import shown


def check(config: Parsed) -> Iterator[Mistake]:
    if config.cluster is None or config.gateway is None:
        return
    host, zone = config.gateway.host, config.cluster.dns_zone
    if zone is None or (host is not None and f".{host}".endswith(f".{zone}")):
        return
    yield Mistake(
        path="slipway:gateway.host",
        shown=shown(host) if host else None,
        expected=f"a name in the zone `{zone}` of `slipway:cluster.dns`",
        fix=f"write `host: models.{zone}`, or take `dns` out of `slipway:cluster`",
    )
