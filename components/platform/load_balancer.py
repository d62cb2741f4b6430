"""`LoadBalancer`: exposes a server by a load balancer of its own, without the gateway."""

from __future__ import annotations

import pulumi

from components.config.expose import ExposeOptions
from components.contracts.cluster import Cluster
from components.contracts.routing import Endpoint, Route
from components.contracts.serving import Backend
from components.kubernetes.object import UNTIL_ADDRESSED, Fields, KubernetesObject
from components.platform.addresses import socket_address
from components.platform.load_balancer_service import load_balancer_address, load_balancer_fields

_NAMES = {"grpc": "gRPC", "rest": "REST"}


class LoadBalancer(pulumi.ComponentResource):
    """A Service of type LoadBalancer in front of one server's pods. It takes the place of the
    gateway as the router of the server's models."""

    address: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        options: ExposeOptions,
        cluster: Cluster,
        backend: Backend,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:platform:LoadBalancer", name, None, opts)
        self._options, self._backend = options, backend
        service = self._make_service(f"{name}-balancer", cluster, backend)
        self._service = service
        self.address = pulumi.Output.all(
            service.status, service.metadata["namespace"], service.name
        ).apply(lambda it: load_balancer_address(it[0], f"{it[1]}/{it[2]}"))
        self.register_outputs({"address": self.address})

    def route(self, route: Route, opts: pulumi.ResourceOptions) -> Endpoint:
        """Warns of what the model loses without the gateway, and returns how it is called: in plain
        text, and without the route's prefix."""
        model = route.model
        callers = ", ".join(self._options.allow) or "everybody who reaches it"
        ports = " and ".join(
            f"{_NAMES[key]} on port {port}" for key, port in self._options.ports.items()
        )
        pulumi.log.warn(
            f"slipway:models.{model}.expose opens {ports} to {callers}: no TLS, so calls and answers "
            "can be read and changed on the way; no authentication; no routing, so the load "
            "balancer is this server's alone; no limits of the gateway's",
            self,
        )
        backend = self._backend
        predict = backend.protocol.predict.format(model=model)

        def grpc(port: int) -> pulumi.Output[Fields]:
            target = self.address.apply(lambda host: socket_address(host, port))
            return target.apply(
                lambda it: {"target": it, "authority": it, "path": "", "tls": False}
            )

        def rest(port: int) -> pulumi.Output[dict[str, str]]:
            target = self.address.apply(lambda host: socket_address(host, port))
            return target.apply(lambda it: {"url": f"http://{it}/{predict}", "connect_to": it})

        return Endpoint(
            runtime=backend.runtime,
            protocol=backend.protocol.name,
            server=backend.server,
            routes=[self._service],
            grpc=grpc(self._options.port) if self._options.port else None,
            rest=rest(self._options.rest_port) if self._options.rest_port else None,
        )

    def _make_service(self, name: str, cluster: Cluster, backend: Backend) -> KubernetesObject:
        options = self._options
        spec: Fields = {
            "type": "LoadBalancer",
            "selector": dict(backend.selector or {}),
            "ports": [
                {"name": key, "port": port, "targetPort": key}
                for key, port in options.ports.items()
            ],
        }
        spec |= load_balancer_fields(cluster, options.allow)
        return KubernetesObject(
            name,
            "v1",
            "Service",
            {
                "metadata": {
                    "namespace": backend.namespace,
                    "labels": dict(backend.selector or {}),
                    "annotations": {**cluster.load_balancer_annotations, **UNTIL_ADDRESSED},
                },
                "spec": spec,
            },
            pulumi.ResourceOptions(parent=self, depends_on=list(backend.ready)),
        )
