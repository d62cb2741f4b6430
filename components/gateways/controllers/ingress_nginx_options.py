"""Options of ingress-nginx."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from components.config.gateway_options import ControllerOptions

CONTROLLER_IMAGE = "registry.k8s.io/ingress-nginx/controller:v1.15.1"


class IngressNginxOptions(ControllerOptions):
    """ingress-nginx, installed by its chart. It was retired in March 2026."""

    kind: Literal["ingress-nginx"]
    replicas: int = Field(default=2, ge=1, le=100)

    def images(self) -> tuple[str, ...]:
        return (CONTROLLER_IMAGE,)
