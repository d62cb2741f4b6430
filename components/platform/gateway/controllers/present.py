"""`PresentController`: a controller that the cluster has already."""

from __future__ import annotations

from typing import Literal

import pulumi
from pydantic import model_validator

from components.config.options import mistake
from components.config.stack_config import GATEWAY_NAMESPACE, ControllerOptions
from components.config.values import Label
from components.kubernetes_object import KubernetesObject
from components.platform.gateway.controller import (
    TRAEFIK_SERVICE,
    Controller,
    ControllerArgs,
    load_balancer_address,
)


class PresentOptions(ControllerOptions):
    """An IngressClass and a LoadBalancer Service that are there already. The class is served
    by ingress-nginx, or by what reads its annotations."""

    kind: Literal["present"]
    namespace: Label
    """The Service's namespace; all of its pods may call the models"""
    service: Label
    """The Service that clients reach the controller by"""
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


class PresentController(Controller):
    """Reads the address of a Service. It makes nothing and changes nothing: limits on the
    controller itself (idle connections, streams, source ranges) stay as its owner set them."""

    options = PresentOptions

    ingress_class: pulumi.Output[str]
    address: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        options: PresentOptions,
        args: ControllerArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:gateway:PresentController", name, None, opts)
        identifier = f"{options.namespace}/{options.service}"
        if args.allow:
            raise pulumi.RunError(
                f"slipway:gateway.allow is set, but Service `{identifier}` is not the stack's: "
                "set its loadBalancerSourceRanges where it is made, and take `allow` out"
            )
        if args.default_certificate is not None:
            pulumi.log.warn(
                "slipway:gateway.host is not set and the controller is not the stack's own: "
                "where its load balancer has an IP address and no name, clients are shown the "
                "controller's default certificate; set `host`",
                self,
            )
        service = KubernetesObject.get(
            f"{name}-service", "v1", "Service", identifier, pulumi.ResourceOptions(parent=self)
        )
        self.clients = [
            {
                "namespaceSelector": {
                    "matchLabels": {"kubernetes.io/metadata.name": options.namespace}
                }
            }
        ]
        self.address = service.status.apply(
            lambda status: load_balancer_address(status, identifier)
        )
        self.ingress_class = pulumi.Output.from_input(options.ingress_class)
        self.register_outputs({"ingress_class": self.ingress_class, "address": self.address})
