"""`Controller`: what an implementation of the `nginx` gateway's routes promises the gateway."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pulumi

from components.config.limits_options import LimitsOptions
from components.config.quantities import byte_count
from components.contracts.cluster import Cluster
from components.images import Images
from components.kubernetes.object import Fields
from components.platform.certificates import Certificate

#: Added to the longest call: whoever made the call sees its own deadline, not a cut connection.
MARGIN_SECONDS = 10
#: The largest headers of a request: what gRPC itself takes at most (`grpc.absolute_max_metadata_size`).
HEADER_BYTES = 16 * 2**10
#: Of a request that is not whole yet, so much is held in memory and the rest in the spool.
BODY_IN_MEMORY = 16 * 2**10
#: What one open stream holds at most: headers as they came and as they are parsed, the body's
#: part in memory, buffers of HTTP/2 and TLS.
STREAM_BYTES = 2 * HEADER_BYTES + BODY_IN_MEMORY + 16 * 2**10
#: Connections with all of their streams open and full that a controller stands.
FULL_CONNECTIONS = 64


@dataclass(frozen=True, kw_only=True)
class ControllerArgs:
    """What a controller needs. `models` is the namespace whose routes it serves; `images` is
    where it is pulled from; `allow` are the address ranges that may connect.
    `default_certificate` makes the certificate of an address, for clients that name no host; None
    where they name one."""

    cluster: Cluster
    models: pulumi.Output[str]
    images: Images
    limits: LimitsOptions
    ssl_redirect: bool
    allow: Sequence[str]
    default_certificate: Callable[[pulumi.Output[str]], Certificate] | None


def spool_bytes(limits: LimitsOptions) -> int:
    """The room for requests that are not whole yet: at least four of the largest."""
    return max(512 * 2**20, 4 * byte_count(limits.message_size))


def connection_bytes(limits: LimitsOptions) -> int:
    """The memory that `FULL_CONNECTIONS` hold at most."""
    return FULL_CONNECTIONS * limits.streams * STREAM_BYTES


class Controller(pulumi.ComponentResource):
    """Serves Ingress objects of a class."""

    ingress_class: pulumi.Output[str]
    address: pulumi.Output[str]
    """Host name or IP address of the load balancer."""
    allowed_peers: Sequence[Fields]
    """Its pods, as peers of a NetworkPolicy."""


def load_balancer_address(status: Fields | None, service: str) -> str:
    """The address in a Service's status: a host name where there is one, else an IP address.

    Raises `pulumi.RunError` where there is neither.
    """
    balancer = (status or {}).get("loadBalancer") or {}
    for entry in balancer.get("ingress") or ():
        if entry.get("hostname") or entry.get("ip"):
            return str(entry.get("hostname") or entry["ip"])
    raise pulumi.RunError(
        f"Service `{service}` has no load balancer address; look at its events: "
        f"`kubectl describe service --namespace {service.replace('/', ' ')}`"
    )


def load_balancer_fields(cluster: Cluster, allow: Sequence[str]) -> Fields:
    """What the spec of a LoadBalancer Service says of this cluster, and of those who may call:
    the address ranges `allow`, or all where there are none."""
    said: Fields = {"loadBalancerSourceRanges": list(allow)} if allow else {}
    if cluster.load_balancer_class is not None:
        said["loadBalancerClass"] = cluster.load_balancer_class
    if cluster.external_traffic_policy is not None:
        said["externalTrafficPolicy"] = cluster.external_traffic_policy
    return said


def namespace_peer(namespace: str, labels: dict[str, str]) -> Fields:
    """The pods with `labels` in `namespace`, as a NetworkPolicy names them."""
    return {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "podSelector": {"matchLabels": labels},
    }


class ControllerFactory(Protocol):
    """The class of a controller, as the gateway calls it. `options` are of the class that the
    registry names beside it."""

    def __call__(
        self, name: str, options: Any, args: ControllerArgs, opts: pulumi.ResourceOptions, /
    ) -> Controller: ...
