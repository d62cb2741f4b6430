"""The stack's outputs, which clients and other stacks read. Keys may be added, never removed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components.answering import answering, or_none
from components.config.durations import seconds
from components.config.limits_options import LimitsOptions
from components.config.quantities import byte_count
from components.contracts.cluster import Cluster
from components.contracts.routing import Endpoint, Gateway


def of_platform(cluster: Cluster) -> dict[str, Any]:
    """The outputs of a stack without models: `cluster` and the secret `kubeconfig`."""
    optional = {"registry": cluster.registry, "identity": cluster.workload_identity}
    return {
        "endpoints": {},
        "gateway": None,
        "cluster": {
            "kind": cluster.kind,
            "name": cluster.name,
            **{key: value for key, value in optional.items() if value},
        },
        "kubeconfig": pulumi.Output.secret(cluster.kubeconfig),
    }


def of_models(
    endpoints: Mapping[str, Endpoint],
    generations: Mapping[str, Any],
    gateway: Gateway,
    limits: LimitsOptions,
) -> dict[str, Any]:
    """The outputs that models add: `endpoints`, `gateway`, and `servers` where models share one."""
    return {
        "endpoints": answering(endpoints),
        "gateway": or_none(
            {
                "address": gateway.address,
                "host": gateway.host,
                "ca_certificate": gateway.ca_certificate,
                "message_bytes": byte_count(limits.message_size),
                "deadline_seconds": seconds(limits.deadline),
            }
        ),
        **({"servers": generations} if generations else {}),
    }
