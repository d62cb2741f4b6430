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

#: The gateway's namespace. It is fixed because NetworkPolicies of the models name it.
GATEWAY_NAMESPACE = "slipway-gateway"
#: The name of the Service of the Traefik that a stack installs.
TRAEFIK_SERVICE = "gateway"


class RouteCapability(StrEnum):
    """A feature of routes that a gateway may support. The values are texts for messages."""

    WEIGHTS = "weights between backends"
    MIRROR = "a mirror of all calls"
    HEADER_MATCH = "routes by header"
    HOSTS = "a host name for each model"


class SelfSignedOptions(Options):
    """A certificate that the stack creates. Clients trust it by the output `gateway.ca_certificate`."""

    kind: Literal["self-signed"]
    days: int = Field(default=365, ge=1, le=3650)
    """The days that it is valid. An `up` in the last 30 of them replaces it"""


class SecretOptions(Options):
    """A certificate in a `kubernetes.io/tls` Secret of the models' namespace."""

    kind: Literal["secret"]
    name: Label
    """The Secret's name"""
    ca_certificate: str | None = None
    """The certificate of the authority that signed it, in PEM. Leave it out if clients trust the
    authority already"""

    @field_validator("ca_certificate")
    @classmethod
    def _pem(cls, value: str | None) -> str | None:
        if value is not None and "-----BEGIN CERTIFICATE-----" not in value:
            raise mistake("a certificate in PEM", "paste it from the line BEGIN CERTIFICATE on")
        return value


_TLS: dict[str, type[Options]] = {"self-signed": SelfSignedOptions, "secret": SecretOptions}


class ControllerOptions(Options):
    """The controller that serves the routes of the gateway."""

    kind: str

    def images(self) -> tuple[str, ...]:
        """The images that its pods run, by their upstream references."""
        return ()


class GatewayOptions(Options):
    """The endpoint of the models for clients outside the cluster."""

    capabilities: ClassVar[frozenset[RouteCapability]] = frozenset()
    """The features of routes that this kind of gateway supports."""
    requires: ClassVar[frozenset[Capability]] = frozenset()
    """The capabilities that the cluster has to have before the gateway is created."""

    kind: str
    host: HostName | None = None
    """Host name of the models. Left out, clients use the load balancer's name or address"""
    allow: tuple[Cidr, ...] = Field(default=(), strict=False)
    """Address ranges that may connect. An empty list admits all"""
    tls: Annotated[SelfSignedOptions | SecretOptions, OneOf(_TLS)] = SelfSignedOptions(
        kind="self-signed"
    )
    """The certificate"""

    def images(self, default_controller: str) -> tuple[str, ...]:
        """The images that its pods run, by their upstream references. `default_controller` is the
        kind of its controller if the stack file names none."""
        return ()

    @model_validator(mode="after")
    def _certificate_needs_a_host(self) -> GatewayOptions:
        if isinstance(self.tls, SecretOptions) and self.host is None:
            raise mistake(
                "`host` beside `tls: {kind: secret}`",
                "write the name that the certificate has as host",
            )
        return self
