"""`ExposeOptions`: a load balancer for one model."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from components.config.options import Options, mistake
from components.config.values import Cidr

Port = Annotated[int, Field(ge=1, le=65535)]


class ExposeOptions(Options):
    """A load balancer for the server alone, in place of a route at the gateway. Calls are neither
    encrypted nor authenticated. There is no routing by path or host, and the gateway's limits do
    not apply."""

    kind: Literal["load_balancer"]
    port: Port | None = None
    """The load balancer's port for gRPC. Left out, gRPC is not exposed"""
    rest_port: Port | None = None
    """The load balancer's port for REST. Left out, REST is not exposed"""
    allow: tuple[Cidr, ...] = Field(default=(), strict=False)
    """Address ranges that may connect, as far as the cloud's load balancer or kube-proxy enforces
    them. An empty list admits all"""

    @property
    def ports(self) -> dict[str, int]:
        """The load balancer's ports, by the name of the server's port."""
        named = {"grpc": self.port, "rest": self.rest_port}
        return {name: port for name, port in named.items() if port is not None}

    @model_validator(mode="after")
    def _something(self) -> ExposeOptions:
        if not self.ports:
            fix = "add `port: 9090` for gRPC, or `rest_port: 9091` for REST"
            raise mistake("`port` for gRPC, `rest_port` for REST, or both", fix)
        if self.port is not None and self.port == self.rest_port:
            other = self.port + 1 if self.port < 65535 else self.port - 1
            raise mistake("two different ports", f"write `rest_port: {other}`")
        return self
