"""What a gateway promises a stack: it makes routes and reports how each model is called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
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
#: No character of a prefix is special in a regular expression: some gateway kinds render prefixes
#: into one.
_PREFIX = re.compile(r"(/[A-Za-z0-9_-]+)+")


class Access(StrEnum):
    """Who may call a route."""

    OPEN = "open"
    """Everybody who can connect to the gateway."""


@dataclass(frozen=True, kw_only=True)
class Weighted:
    """A backend and its share of a route's calls: 0 to 100 percent."""

    backend: Backend
    percent: int = 100


@dataclass(frozen=True, kw_only=True)
class HeaderMatch:
    """A header that a call must have, with exactly this value. Names ignore case."""

    name: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Route:
    """How one model is reached.

    `prefix` is the path before the model's API, `/half_plus_two`; the gateway removes it. It is
    empty only on a `host` of the model's own; `host` is None for the gateway's host. The shares of
    `backends` add up to 100. `mirror` gets a copy of every call, and its answers are dropped. A
    call takes this route only if it has all headers of `match`.

    Raises `ValueError` for a route that no gateway could serve.
    """

    model: str
    prefix: str
    backends: Sequence[Weighted]
    host: str | None = None
    mirror: Backend | None = None
    match: Sequence[HeaderMatch] = ()
    access: Access = Access.OPEN

    def __post_init__(self) -> None:
        for mistake in self._mistakes():
            raise ValueError(f"route of model `{self.model}`: {mistake}")

    @classmethod
    def to(cls, model: str, backend: Backend) -> Route:
        """Sends all calls below `/<model>` to `backend`."""
        return cls(model=model, prefix=f"/{model}", backends=[Weighted(backend=backend)])

    @property
    def requires(self) -> frozenset[RouteCapability]:
        """The capabilities that the gateway needs for this route."""
        needed = {
            RouteCapability.WEIGHTS: len(self.backends) > 1,
            RouteCapability.MIRROR: self.mirror is not None,
            RouteCapability.HEADER_MATCH: bool(self.match),
            RouteCapability.HOSTS: self.host is not None,
        }
        return frozenset(capability for capability, is_needed in needed.items() if is_needed)

    def _mistakes(self) -> Iterator[str]:
        if not self.prefix and self.host is None:
            yield "`prefix` is empty; expected one, or a `host` of the model's own"
        if self.prefix and not _PREFIX.fullmatch(self.prefix):
            yield f"`prefix` is `{self.prefix}`; expected `/` and letters, digits, `_` or `-` after it"
        percents = [each.percent for each in self.backends]
        if any(percent not in range(101) for percent in percents):
            yield f"`backends` have shares of {_listed(percents)} percent; expected 0 to 100 each"
        if sum(percents) != 100:
            yield f"`backends` have {sum(percents)} percent in all; expected 100"
        servers = [*(each.backend for each in self.backends), self.mirror]
        protocols = {each.protocol.name for each in servers if each is not None}
        if len(protocols) > 1:
            yield f"its servers speak {_listed(sorted(protocols))}; expected one protocol"
        names = [each.name.lower() for each in self.match]
        if len(names) > len(set(names)):
            yield f"`match` has the headers {_listed(names)}; expected each header once"


def _listed(values: Iterable[object]) -> str:
    return ", ".join(f"`{each}`" for each in values)


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """How one model is called. Clients and other stacks read `outputs`, a public interface. The
    model can be called once its `server` and its `routes` are deployed."""

    runtime: str
    protocol: str
    grpc: pulumi.Output[dict[str, Any]] | None
    rest: pulumi.Output[dict[str, str]] | None
    server: pulumi.CustomResource
    routes: Sequence[pulumi.CustomResource] = ()

    def outputs(self) -> dict[str, Any]:
        """The endpoint as the stack exports it: `grpc` or `rest` is None where the model has no
        such port."""
        return {
            "runtime": self.runtime,
            "protocol": self.protocol,
            "grpc": self.grpc,
            "rest": self.rest,
        }


class Router(Protocol):
    """Makes routes."""

    def route(self, route: Route, opts: pulumi.ResourceOptions) -> Endpoint:
        """Makes the model reachable. The route is created after the model's server is ready, and
        deleted before the server is."""
        ...


class Gateway(Router, Protocol):
    """How models are reached from outside the cluster."""

    address: pulumi.Output[str]
    """Host name or IP address to connect to."""
    host: pulumi.Output[str]
    """The host name in the certificate and in `Host`; the address where no name is configured."""
    ca_certificate: pulumi.Output[str | None]
    """PEM of the authority that signed the certificate, not a secret. None where clients trust the
    authority already."""
    allowed_peers: Sequence[Fields]
    """NetworkPolicy peers that the models' pods accept calls from: the gateway's pods."""


@dataclass(frozen=True, kw_only=True)
class GatewayArgs:
    """Arguments of a gateway, beside its options. `namespace` is that of the models. A gateway with
    controllers uses `default_controller` where its options name none."""

    cluster: Cluster
    namespace: pulumi.Output[str]
    images: Images
    limits: LimitsOptions
    default_controller: str


class GatewayFactory(Protocol):
    """The signature of a gateway's class. `options` has the options class of its registry entry."""

    def __call__(
        self, name: str, options: Any, args: GatewayArgs, opts: pulumi.ResourceOptions, /
    ) -> Gateway: ...
