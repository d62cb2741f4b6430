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
    """The ingress controller; left out, the default of the cluster's kind. A controller that the
    stack installs takes the namespace `slipway-gateway` and the IngressClass `nginx`, so a cluster
    holds one. Where both exist, as for a second stack, name the installed controller by
    `{kind: present, …}`"""
    ssl_redirect: bool = True
    """Redirect plain HTTP to HTTPS; false also serves REST over plain HTTP on port 80"""

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
        """The options of the controller; those of the kind `default` where the stack file names
        none."""
        if self.controller is not None:
            return self.controller
        return registry.CONTROLLERS.options(default).model_validate({"kind": default})

    def images(self, default_controller: str) -> tuple[str, ...]:
        return self.chosen_controller(default_controller).images()
