"""`PresentController`: an ingress controller that the cluster has already."""

from __future__ import annotations

import pulumi

from components.gateways.controller import (
    Controller,
    ControllerArgs,
)
from components.gateways.controllers.present_options import PresentOptions
from components.kubernetes.object import KubernetesObject
from components.platform.load_balancer_service import load_balancer_address


class PresentController(Controller):
    """Reads the address of the controller's Service. It creates and changes nothing: the
    controller's own limits (idle connections, streams, source ranges) stay as its owner set
    them."""

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
        self.allowed_peers = [
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
