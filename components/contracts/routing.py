"""What a gateway promises a stack: routes, and how a model is called by them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import pulumi

from components.config.gateway_options import RouteCapability
from components.config.limits_options import LimitsOptions
from components.contracts.cluster import Cluster
from components.contracts.serving import Backend
from components.images import Images
from components.kubernetes.object import Fields

#: The gateway's TLS port.
TLS_PORT = 443


class Access(StrEnum):
    """Who may call a route."""

    OPEN = "open"
    """Everybody who reaches the gateway."""


@dataclass(frozen=True, kw_only=True)
class Weighted:
    """A backend and its share of a route's calls, in percent."""

    backend: Backend
    percent: int = 100


@dataclass(frozen=True, kw_only=True)
class HeaderMatch:
    """A header that a call must have, with exactly this value."""

    name: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Route:
    """How one model is reached. `prefix` is the path before the model's API, which the gateway
    removes; `host` is None for the gateway's own. The shares of `backends` add up to 100. `mirror`
    gets a copy of every call and answers none. A call that lacks a header of `match` does not take
    this route."""

    model: str
    prefix: str
    backends: Sequence[Weighted]
    host: str | None = None
    mirror: Backend | None = None
    match: Sequence[HeaderMatch] = ()
    access: Access = Access.OPEN

    @classmethod
    def to(cls, model: str, backend: Backend) -> Route:
        """All calls below `/<model>` go to `backend`."""
        return cls(model=model, prefix=f"/{model}", backends=[Weighted(backend=backend)])

    @property
    def requires(self) -> frozenset[RouteCapability]:
        """What the gateway has to be capable of."""
        asked = {
            RouteCapability.WEIGHTS: len(self.backends) > 1,
            RouteCapability.MIRROR: self.mirror is not None,
            RouteCapability.HEADER_MATCH: bool(self.match),
            RouteCapability.HOSTS: self.host is not None,
        }
        return frozenset(capability for capability, needed in asked.items() if needed)


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """How one model is called: `outputs` are a public interface, which clients and other stacks
    read. The model answers there once its `server` and its `routes` are deployed."""

    runtime: str
    protocol: str
    grpc: pulumi.Output[dict[str, Any]] | None
    rest: pulumi.Output[dict[str, str]] | None
    server: pulumi.CustomResource
    routes: Sequence[pulumi.CustomResource] = ()

    def outputs(self) -> dict[str, Any]:
        """The endpoint as it is exported: None where the model does not speak that."""
        return {
            "runtime": self.runtime,
            "protocol": self.protocol,
            "grpc": self.grpc,
            "rest": self.rest,
        }


class Router(Protocol):
    """Makes routes."""

    def route(self, route: Route, opts: pulumi.ResourceOptions) -> Endpoint:
        """Make the model reachable: after it answers, and no longer when it stops."""
        ...


class Gateway(Router, Protocol):
    """How models are reached from outside the cluster."""

    address: pulumi.Output[str]
    """Host name or IP address to connect to."""
    host: pulumi.Output[str]
    """The name in the certificate and in `Host`: the address where there is no name."""
    ca_certificate: pulumi.Output[str | None]
    """PEM of the authority that signed the certificate; never a secret."""
    clients: Sequence[Fields]
    """Who calls the models' pods: peers of a NetworkPolicy."""


@dataclass(frozen=True, kw_only=True)
class GatewayArgs:
    """What a gateway is made of, beside its options. `namespace` is the models'; `annotations` of
    the cluster's load balancers come from `cluster`."""

    cluster: Cluster
    namespace: pulumi.Output[str]
    images: Images
    limits: LimitsOptions
    default_controller: str


class GatewayFactory(Protocol):
    """The class of a gateway, as a stack calls it. `options` are of the class that the registry
    names beside it."""

    def __call__(
        self, name: str, options: Any, args: GatewayArgs, opts: pulumi.ResourceOptions, /
    ) -> Gateway: ...
