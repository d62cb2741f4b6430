"""`NginxGateway`: models behind Ingress objects with ingress-nginx's annotations."""

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
    """A controller, its load balancer and the certificate for its name. Models get their routes
    by `route`."""

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
        self.clients = self._controller.clients
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
        """Ingress objects below the route's prefix, and how the model is called there."""
        (only,) = route.backends  # this kind has no weights
        backend = only.backend
        made = NginxRoute(
            f"{label(route.model)}-route",
            NginxRouteArgs(
                model=route.model,
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
        return self._endpoint(route, backend, made)

    def _endpoint(self, route: Route, backend: Backend, made: NginxRoute) -> Endpoint:
        both = pulumi.Output.all(self.address, self.host)
        predict = backend.protocol.predict.format(model=route.model)
        return Endpoint(
            runtime=backend.runtime,
            protocol=backend.protocol.name,
            server=backend.server,
            routes=made.objects,
            grpc=None
            if backend.grpc_port is None
            else both.apply(
                lambda it: {
                    "target": socket_address(it[0], TLS_PORT),
                    "authority": it[1],
                    "path": route.prefix,
                    "tls": True,
                }
            ),
            rest=None
            if backend.rest_port is None
            else both.apply(
                lambda it: {
                    "url": f"https://{url_host(it[1])}{route.prefix}/{predict}",
                    "connect_to": socket_address(it[0], TLS_PORT),
                }
            ),
        )

    def _make_controller(self, name: str, args: GatewayArgs) -> Controller:
        chosen = self._options.chosen_controller(args.default_controller)
        return registry.CONTROLLERS.component(chosen.kind)(
            f"{name}-controller",
            chosen,
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
        """What clients trust the gateway by, and the Secret that routes name."""
        tls = self._options.tls
        if isinstance(tls, SecretOptions):
            pem: pulumi.Output[str | None] = pulumi.Output.from_input(tls.ca_certificate)
            return pem, pulumi.Output.from_input(tls.name)
        made = self._certify(self.host)
        secret = made.secret(f"{self._name}-tls-secret", namespace)
        return made.pem.apply(lambda text: text), secret

    def _certify(self, host: pulumi.Output[str]) -> Certificate:
        """The stack's own certificate; made at the first call. `host` is the gateway's."""
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
