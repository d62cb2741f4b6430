"""The contract of a runtime, and the backend that a gateway routes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import pulumi

from components.config.limits_options import LimitsOptions
from components.config.model_options import ModelOptions
from components.contracts.cluster import Cluster
from components.contracts.source import ModelSource
from components.images import Images
from components.kubernetes.object import Fields
from components.protocols import ServingProtocol


@dataclass(frozen=True, kw_only=True)
class Backend:
    """A server's Service. A port is None if the server does not speak that protocol. `streaming`:
    the streaming methods of gRPC are routed, too. `selector` has the labels of the pods behind the
    Service; None if an operator chooses them. Routes depend on `ready`: once these resources are
    deployed, the server answers. `server` is the object whose status reports this, a Deployment or
    an operator's custom resource."""

    runtime: str
    protocol: ServingProtocol
    service: pulumi.Output[str]
    namespace: pulumi.Output[str]
    grpc_port: int | None
    rest_port: int | None
    server: pulumi.CustomResource
    ready: Sequence[pulumi.Resource]
    selector: Mapping[str, pulumi.Input[str]] | None = None
    streaming: bool = False


@dataclass(frozen=True, kw_only=True)
class ServedModel:
    """One model of a server."""

    name: str
    options: ModelOptions
    source: ModelSource


@dataclass(frozen=True, kw_only=True)
class ServerArgs:
    """The arguments of a server. `options` are the merged server-level options of its models.
    `allowed_peers` are the NetworkPolicy peers that may call it. `secrets` are the values of
    `slipway:secrets` that its models refer to. A changed `generation` replaces the Deployment and
    the Service: the old ones stay until the new ones have taken over. It is None for a server that
    models do not share."""

    models: Sequence[ServedModel]
    options: ModelOptions
    cluster: Cluster
    namespace: pulumi.Output[str]
    images: Images
    limits: LimitsOptions
    allowed_peers: Sequence[Fields]
    secrets: Mapping[str, pulumi.Output[str]]
    generation: pulumi.Output[str] | None = None


class Runtime(Protocol):
    """One server and its models."""

    backend: Backend


class RuntimeFactory(Protocol):
    """The class of a runtime, as a stack calls it."""

    def __call__(self, name: str, args: ServerArgs, opts: pulumi.ResourceOptions, /) -> Runtime: ...
