"""Options that every kind of gateway has."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from components.config.addon_options import Capability
from components.config.discriminated import OneOf
from components.config.options import Options, mistake
from components.config.values import (
    Cidr,
    HostName,
    Label,
)

#: The gateway's own namespace. NetworkPolicies of the models name it, so it is fixed.
GATEWAY_NAMESPACE = "slipway-gateway"
#: The name of the Service that a stack's own Traefik is reached by.
TRAEFIK_SERVICE = "gateway"


class RouteCapability(StrEnum):
    """What a gateway can do with a route. The values are read by people."""

    WEIGHTS = "weights between backends"
    MIRROR = "a mirror of all calls"
    HEADER_MATCH = "routes by header"
    HOSTS = "a host name for each model"


class SelfSignedOptions(Options):
    """A certificate that the stack makes; clients trust it by `gateway.ca_certificate`."""

    kind: Literal["self-signed"]
    days: int = Field(default=365, ge=1, le=3650)
    """How long it is valid; an `up` in the last 30 days replaces it"""


class SecretOptions(Options):
    """A certificate in a `kubernetes.io/tls` Secret of the models' namespace."""

    kind: Literal["secret"]
    name: Label
    """The Secret's name"""
    ca_certificate: str | None = None
    """PEM of the authority that signed it; left out where clients trust it anyway"""

    @field_validator("ca_certificate")
    @classmethod
    def _pem(cls, value: str | None) -> str | None:
        if value is not None and "-----BEGIN CERTIFICATE-----" not in value:
            raise mistake("a certificate in PEM", "paste it from the line BEGIN CERTIFICATE on")
        return value


_TLS: dict[str, type[Options]] = {"self-signed": SelfSignedOptions, "secret": SecretOptions}


class ControllerOptions(Options):
    """What serves the gateway's routes."""

    kind: str

    def images(self) -> tuple[str, ...]:
        """The images that its pods run, by their upstream references."""
        return ()


class GatewayOptions(Options):
    """How models are reached from outside the cluster."""

    capabilities: ClassVar[frozenset[RouteCapability]] = frozenset()
    """What this kind of gateway can do with a route."""
    requires: ClassVar[frozenset[Capability]] = frozenset()
    """What has to be on the cluster before it."""

    kind: str
    host: HostName | None = None
    """Host name of the models; without one, the load balancer's own name or address"""
    allow: tuple[Cidr, ...] = Field(default=(), strict=False)
    """Address ranges that may connect; all of them where the list is empty"""
    tls: Annotated[SelfSignedOptions | SecretOptions, OneOf(_TLS)] = SelfSignedOptions(
        kind="self-signed"
    )
    """The certificate"""

    def images(self, default_controller: str) -> tuple[str, ...]:
        """The images that its pods run, by their upstream references; its controller is of the kind
        `default_controller` where the stack does not choose."""
        return ()

    @model_validator(mode="after")
    def _named(self) -> GatewayOptions:
        if isinstance(self.tls, SecretOptions) and self.host is None:
            raise mistake(
                "`host` beside `tls: {kind: secret}`",
                "write the name that the certificate has as host",
            )
        return self
