"""`Controller`: the contract between the `nginx` gateway and an ingress controller."""

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

#: Added to `limits.deadline`: the client's own deadline expires before the gateway cuts the call.
MARGIN_SECONDS = 10
#: The largest headers of a request: gRPC's own hard limit (`grpc.absolute_max_metadata_size`).
HEADER_BYTES = 16 * 2**10
#: While a request is being received, this much of its body is in memory and the rest in the spool.
BODY_IN_MEMORY = 16 * 2**10
#: The most memory of one open HTTP/2 stream: its headers, raw and parsed; the part of its body that
#: is in memory; the buffers of HTTP/2 and TLS.
STREAM_BYTES = 2 * HEADER_BYTES + BODY_IN_MEMORY + 16 * 2**10
#: A controller has memory for this many connections with all of their streams open and full.
FULL_CONNECTIONS = 64


@dataclass(frozen=True, kw_only=True)
class ControllerArgs:
    """Arguments of a controller. It serves the Ingress objects of the namespace `models`; `images`
    resolves its image; the address ranges `allow` may connect, all of them if it is empty.
    `default_certificate` returns the certificate for the load balancer's address, shown to clients
    that send no host name (SNI); None where the gateway has a host name."""

    cluster: Cluster
    models: pulumi.Output[str]
    images: Images
    limits: LimitsOptions
    ssl_redirect: bool
    allow: Sequence[str]
    default_certificate: Callable[[pulumi.Output[str]], Certificate] | None


def spool_bytes(limits: LimitsOptions) -> int:
    """The size of the spool, where requests are buffered while they are received: at least four of
    the largest messages, and at least 512 MiB."""
    return max(512 * 2**20, 4 * byte_count(limits.message_size))


def connection_bytes(limits: LimitsOptions) -> int:
    """The most memory that `FULL_CONNECTIONS` use, in bytes."""
    return FULL_CONNECTIONS * limits.streams * STREAM_BYTES


class Controller(pulumi.ComponentResource):
    """Serves the Ingress objects of one IngressClass."""

    ingress_class: pulumi.Output[str]
    address: pulumi.Output[str]
    """The load balancer's host name or IP address."""
    allowed_peers: Sequence[Fields]
    """Its pods, as NetworkPolicy peers."""


def namespace_peer(namespace: str, labels: dict[str, str]) -> Fields:
    """The pods with `labels` in `namespace`, as a NetworkPolicy peer."""
    return {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "podSelector": {"matchLabels": labels},
    }


class ControllerFactory(Protocol):
    """The signature of a controller's class. `options` has the options class of its registry entry."""

    def __call__(
        self, name: str, options: Any, args: ControllerArgs, opts: pulumi.ResourceOptions, /
    ) -> Controller: ...
