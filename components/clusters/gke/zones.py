"""Which zones a pool's nodes can be in."""

from __future__ import annotations

import re
from collections.abc import Sequence

from components.clusters.gke import machines
from components.clusters.gke.node_pool_options import GkeNodePool
from components.config.options import listed, mistake


def zones_of(pool: GkeNodePool, region: str, chosen: Sequence[str]) -> tuple[str, ...]:
    """The zones of `pool`, where the network is in `chosen`, or in all of `region` if it names
    none: those that have its GPU. None where GKE chooses."""
    if pool.zones:
        return pool.zones
    there = machines.zones_with(pool.accelerator.kind, region) if pool.accelerator else None
    if there is None:
        return tuple(chosen)
    return tuple(zone for zone in there if not chosen or zone in chosen)


def of_region(zones: Sequence[str], region: str, key: str) -> None:
    """Raises a `mistake` for a zone of another region; `key` is where the zones are."""
    for zone in zones:
        if not re.fullmatch(rf"{re.escape(region)}-[a-z]", zone):
            raise mistake(
                f"zones of `{region}`, such as `{region}-a`, not `{zone}`",
                f"take `{zone}` out of `{key}`: a cluster is in one region",
            )


def has_gpu(name: str, pool: GkeNodePool, region: str, chosen: Sequence[str]) -> None:
    """Raises a `mistake` where `region`, or the zones of `pool`, are known not to have its GPU."""
    kind = pool.accelerator.kind if pool.accelerator else None
    there = machines.zones_with(kind, region) if kind else None
    if kind is None or there is None:
        return
    if not there:
        raise mistake(
            f"a region with `{kind}` for the pool `{name}`: {listed(machines.GPUS[kind].zones)}",
            "change the region, or the pool's accelerator",
        )
    without = [zone for zone in pool.zones if zone not in there]
    if without or not zones_of(pool, region, chosen):
        raise mistake(
            f"zones with `{kind}` for the pool `{name}`: {listed(there)}",
            f"take `{without[0]}` out of `{name}.zones`"
            if without
            else f"add `{there[0]}` to `slipway:cluster.vpc.zones`",
        )
