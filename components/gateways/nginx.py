"""`NginxGateway`: routes models by Ingress objects with ingress-nginx's annotations."""

from __future__ import annotations

import pulumi

from components import registry
from components.config.gateway_options import SecretOptions, SelfSignedOptions
from components.config.values import label
from components.contracts.routing import TLS_PORT, Endpoint, GatewayArgs, Route
from components.contracts.serving import Backend
from components.gateways.controller import Controller, ControllerArgs
from components.gateways.nginx_options import NginxOptions
from components.gateways.nginx_route import NginxRoute, NginxRouteArgs
from components.platform.addresses import is_address, socket_address, url_host
from components.platform.certificates import Certificate


class NginxGateway(pulumi.ComponentResource):
    """An ingress controller, its load balancer and the TLS certificate of its host. `route` adds
    the Ingress objects of a model."""

    address: pulumi.Output[str]
    host: pulumi.Output[str]
    ca_certificate: pulumi.Output[str | None]

    def __init__(
        self,
        name: str,
        options: NginxOptions,
        args: GatewayArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:gateway:NginxGateway", name, None, opts)
        self._name, self._options, self._limits = name, options, args.limits
        self._certificate: Certificate | None = None
        self._controller = self._make_controller(name, args)
        self.allowed_peers = self._controller.allowed_peers
        self.address = self._controller.address
        if options.host:
            self.host = pulumi.Output.from_input(options.host)
        else:
            self.host = self.address
        self.ca_certificate, self._tls_secret = self._find_certificate(args.namespace)
        self.register_outputs(
            {
                "address": self.address,
                "host": self.host,
                "ca_certificate": self.ca_certificate,
            }
        )

    def route(self, route: Route, opts: pulumi.ResourceOptions) -> Endpoint:
        """Adds Ingress objects for the route's prefix, and returns how the model is called."""
        (only,) = route.backends  # this kind has no weights
        backend = only.backend
        nginx_route = NginxRoute(
            f"{label(route.model)}-route",
            NginxRouteArgs(
                model=route.model,
                prefix=route.prefix,
                backend=backend,
                after=[
                    *backend.ready,
                    *(each for each in (self._controller, self._certificate) if each),
                ],
                rule_host=self.host.apply(lambda host: None if is_address(host) else host),
                ingress_class=self._controller.ingress_class,
                tls_secret=self._tls_secret,
                limits=self._limits,
                ssl_redirect=self._options.ssl_redirect,
            ),
            opts,
        )
        return self._endpoint(route, backend, nginx_route)

    def _endpoint(self, route: Route, backend: Backend, nginx_route: NginxRoute) -> Endpoint:
        address_and_host = pulumi.Output.all(self.address, self.host)
        predict = backend.protocol.predict.format(model=route.model)
        return Endpoint(
            runtime=backend.runtime,
            protocol=backend.protocol.name,
            server=backend.server,
            routes=nginx_route.objects,
            grpc=None
            if backend.grpc_port is None
            else address_and_host.apply(
                lambda it: {
                    "target": socket_address(it[0], TLS_PORT),
                    "authority": it[1],
                    "path": route.prefix,
                    "tls": True,
                }
            ),
            rest=None
            if backend.rest_port is None
            else address_and_host.apply(
                lambda it: {
                    "url": f"https://{url_host(it[1])}{route.prefix}/{predict}",
                    "connect_to": socket_address(it[0], TLS_PORT),
                }
            ),
        )

    def _make_controller(self, name: str, args: GatewayArgs) -> Controller:
        options = self._options.chosen_controller(args.default_controller)
        return registry.CONTROLLERS.component(options.kind)(
            f"{name}-controller",
            options,
            ControllerArgs(
                cluster=args.cluster,
                models=args.namespace,
                images=args.images,
                limits=args.limits,
                ssl_redirect=self._options.ssl_redirect,
                allow=self._options.allow,
                default_certificate=None if self._options.host else self._certify,
            ),
            pulumi.ResourceOptions(parent=self),
        )

    def _find_certificate(
        self, namespace: pulumi.Output[str]
    ) -> tuple[pulumi.Output[str | None], pulumi.Output[str]]:
        """The PEM of the certificate's authority, for clients, and the name of the TLS Secret, for
        routes."""
        tls = self._options.tls
        if isinstance(tls, SecretOptions):
            pem: pulumi.Output[str | None] = pulumi.Output.from_input(tls.ca_certificate)
            return pem, pulumi.Output.from_input(tls.name)
        certificate = self._certify(self.host)
        secret = certificate.secret(f"{self._name}-tls-secret", namespace)
        return certificate.pem.apply(lambda text: text), secret

    def _certify(self, host: pulumi.Output[str]) -> Certificate:
        """The stack's self-signed certificate for `host`, the gateway's; the first call makes
        it."""
        if self._certificate is None:
            assert isinstance(self._options.tls, SelfSignedOptions)
            self._certificate = Certificate(
                f"{self._name}-tls",
                dns_names=host.apply(lambda it: [] if is_address(it) else [it]),
                ip_addresses=host.apply(lambda it: [it] if is_address(it) else []),
                days=self._options.tls.days,
                opts=pulumi.ResourceOptions(parent=self),
            )
        return self._certificate
