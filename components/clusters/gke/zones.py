"""The zones in which the nodes of a pool can run."""

from __future__ import annotations

import re
from collections.abc import Sequence

from components.clusters.gke import machines
from components.clusters.gke.node_pool_options import GkeNodePool
from components.config.options import listed, mistake


def zones_of(pool: GkeNodePool, region: str, chosen: Sequence[str]) -> tuple[str, ...]:
    """The zones of `pool`: those that the pool names, or else the zones of the network (`chosen`,
    empty for all of `region`) that have the pool's GPU. Empty if GKE chooses them."""
    if pool.zones:
        return pool.zones
    with_gpu = machines.zones_with(pool.accelerator.kind, region) if pool.accelerator else None
    if with_gpu is None:
        return tuple(chosen)
    return tuple(zone for zone in with_gpu if not chosen or zone in chosen)


def check_region(zones: Sequence[str], region: str, key: str) -> None:
    """Raises a `mistake` for a zone of another region. `key` is the option that has the zones."""
    for zone in zones:
        if not re.fullmatch(rf"{re.escape(region)}-[a-z]", zone):
            raise mistake(
                f"zones of `{region}`, such as `{region}-a`, not `{zone}`",
                f"take `{zone}` out of `{key}`: a cluster is in one region",
            )


def check_gpu_zones(name: str, pool: GkeNodePool, region: str, chosen: Sequence[str]) -> None:
    """Raises a `mistake` if it is known that `region`, or a zone of `pool`, lacks the pool's GPU."""
    kind = pool.accelerator.kind if pool.accelerator else None
    with_gpu = machines.zones_with(kind, region) if kind else None
    if kind is None or with_gpu is None:
        return
    if not with_gpu:
        raise mistake(
            f"a region with `{kind}` for the pool `{name}`: {listed(machines.GPUS[kind].zones)}",
            "change the region, or the pool's accelerator",
        )
    without = [zone for zone in pool.zones if zone not in with_gpu]
    if without or not zones_of(pool, region, chosen):
        raise mistake(
            f"zones with `{kind}` for the pool `{name}`: {listed(with_gpu)}",
            f"take `{without[0]}` out of `{name}.zones`"
            if without
            else f"add `{with_gpu[0]}` to `slipway:cluster.vpc.zones`",
        )
