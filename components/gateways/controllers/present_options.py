"""Options of an ingress controller that the cluster has already."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from components.config.gateway_options import GATEWAY_NAMESPACE, TRAEFIK_SERVICE, ControllerOptions
from components.config.options import mistake
from components.config.values import Label


class PresentOptions(ControllerOptions):
    """An IngressClass and a LoadBalancer Service that exist already. The class is served by
    ingress-nginx, or by a controller that honours its annotations."""

    kind: Literal["present"]
    namespace: Label
    """The Service's namespace; all pods of the namespace may call the models"""
    service: Label
    """The controller's LoadBalancer Service, which clients connect to"""
    ingress_class: Label = "nginx"

    @model_validator(mode="after")
    def _serves_all(self) -> PresentOptions:
        if (self.namespace, self.service) == (GATEWAY_NAMESPACE, TRAEFIK_SERVICE):
            raise mistake(
                "a controller that watches this stack's namespace; the Traefik of another stack "
                "watches that stack's alone",
                "install a controller for the whole cluster and name it in both stacks, or serve "
                "these models from that stack",
            )
        return self
