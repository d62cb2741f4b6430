"""Options of Traefik."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from components.config.gateway_options import ControllerOptions
from components.config.values import Image

TRAEFIK_IMAGE = "traefik:v3.7.15"


class TraefikOptions(ControllerOptions):
    """Traefik, installed as plain objects, without a chart."""

    kind: Literal["traefik"]
    replicas: int = Field(default=1, ge=1, le=100)
    image: Image = TRAEFIK_IMAGE

    def images(self) -> tuple[str, ...]:
        return (self.image,)
