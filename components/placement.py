"""`Placement`: which nodes pods run on, and which devices they have to themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from components.config.accelerators import Accelerator
from components.contracts.cluster import NodePool
from components.kubernetes.object import Fields
from components.kubernetes.taints import Taint


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Parts of a pod's spec. `devices` are extended resources, by name. The container does not set
    `NVIDIA_VISIBLE_DEVICES`, which would override the devices that the device plugin assigns."""

    devices: Mapping[str, str] = field(default_factory=dict)
    node_affinity: Fields | None = None
    tolerations: Sequence[Fields] = ()


def placement(
    accelerator: Accelerator | None, pools: Mapping[str, NodePool], name: str | None = None
) -> Placement:
    """The nodes of the pool `name`, or of all pools that have the accelerator, or any node. If a
    pool has no labels that select its nodes, the extended resource alone decides."""
    if name:
        chosen = [pools[name]]
    elif accelerator:
        chosen = [pool for pool in pools.values() if accelerator.is_on(pool.accelerator)]
    else:
        return Placement()
    taints = dict.fromkeys(taint for pool in chosen for taint in pool.taints)
    return Placement(
        devices={accelerator.resource: str(accelerator.count)} if accelerator else {},
        node_affinity=_any_of(chosen) if all(pool.labels for pool in chosen) else None,
        tolerations=[_toleration(Taint.parse(each)) for each in taints],
    )


def _any_of(pools: Sequence[NodePool]) -> Fields:
    return {
        "requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [
                {
                    "matchExpressions": [
                        {"key": key, "operator": "In", "values": [value]}
                        for key, value in pool.labels.items()
                    ]
                }
                for pool in pools
            ]
        }
    }


def _toleration(taint: Taint) -> Fields:
    return {"key": taint.key, "operator": "Equal", "value": taint.value, "effect": taint.effect}
