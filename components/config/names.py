"""Whether there is a gateway, and its host fits the zone that it gets a record in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from components.config.report import Mistake
from components.config.secret_scan import shown
from components.config.values import is_domain


def missing(raw: Mapping[str, Any]) -> Iterator[Mistake]:
    """Models without a gateway, and a zone without a host in it."""
    cluster, gateway = raw.get("cluster"), raw.get("gateway")
    dns = cluster.get("dns") if isinstance(cluster, dict) else None
    zone = dns.get("zone") if isinstance(dns, dict) else None
    if gateway is None:
        named = f", host: models.{zone}" if is_domain(zone) else ""
        if raw.get("models") or raw.get("volumes"):
            yield Mistake(
                path="slipway:gateway",
                shown=None,
                expected="a value, since there are models",
                fix=f"write `gateway: {{kind: nginx{named}}}`",
            )
        return
    if not is_domain(zone) or not isinstance(gateway, dict):
        return
    host = gateway.get("host")
    if isinstance(host, str) and f".{host}".endswith(f".{zone}"):
        return
    yield Mistake(
        path="slipway:gateway.host",
        shown=shown(host) if host else None,
        expected=f"a name in the zone `{zone}` of `slipway:cluster.dns`",
        fix=f"write `host: models.{zone}`, or take `dns` out of `slipway:cluster`",
    )
