"""Options of the `nginx` gateway."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ValidationInfo, field_validator

from components import registry
from components.config.gateway_options import ControllerOptions, GatewayOptions
from components.config.options import mistake
from components.config.registered_kind import RegisteredKind
from components.gateways.controllers.present_options import PresentOptions


class NginxOptions(GatewayOptions):
    """Ingress objects with ingress-nginx's annotations."""

    kind: Literal["nginx"]
    controller: Annotated[
        ControllerOptions | None, RegisteredKind(registry.CONTROLLERS, short=True)
    ] = None
    """What serves them; left out, the cluster's usual one. A controller of the stack's own takes
    the namespace `slipway-gateway` and the IngressClass `nginx`, so a cluster holds one; where
    they are there already, as with a second stack, name what serves the cluster by
    `{kind: present, …}`"""
    ssl_redirect: bool = True
    """Send plain HTTP to HTTPS; false serves REST on port 80 too"""

    @field_validator("controller")
    @classmethod
    def _restricts_clients(
        cls, value: ControllerOptions | None, info: ValidationInfo
    ) -> ControllerOptions | None:
        if isinstance(value, PresentOptions) and info.data.get("allow"):
            raise mistake(
                f"no `allow` beside it: Service `{value.namespace}/{value.service}` is not the "
                "stack's",
                "take `allow` out, and set loadBalancerSourceRanges where the Service is made",
            )
        return value

    def chosen_controller(self, default: str) -> ControllerOptions:
        """The controller; of the kind `default` where the stack does not choose."""
        if self.controller is not None:
            return self.controller
        return registry.CONTROLLERS.options(default).model_validate({"kind": default})

    def images(self, default_controller: str) -> tuple[str, ...]:
        return self.chosen_controller(default_controller).images()
