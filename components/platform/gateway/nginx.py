"""`NginxGateway`: models behind Ingress objects with ingress-nginx's annotations."""

from __future__ import annotations

from typing import Annotated, Literal

import pulumi
from pydantic import Field, field_validator, model_validator

from components import registry
from components.config.checks import label
from components.config.kinds import Chosen
from components.config.one_of import OneOf
from components.config.options import Options, mistake
from components.config.stack_config import ControllerOptions, GatewayOptions, StackConfig
from components.config.values import Label
from components.contracts import TLS_PORT, Backend, Cluster, Endpoint, Runtime
from components.images import Images
from components.platform.addresses import is_address, socket_address, url_host
from components.platform.certificates import Certificate
from components.platform.gateway.controller import Controller, ControllerArgs
from components.platform.gateway.nginx_route import NginxRoute, NginxRouteArgs

#: Where clients name no host, the controller must know its certificate by name beforehand.
DEFAULT_CERTIFICATE = "gateway-tls"


class SelfSignedOptions(Options):
    """A certificate that the stack makes; clients trust it by `gateway.ca_certificate`."""

    kind: Literal["self-signed"]
    days: int = Field(default=365, ge=1, le=3650)
    """How long it is valid; an `up` in the last 30 days replaces it"""


class SecretOptions(Options):
    """A certificate in a `kubernetes.io/tls` Secret of the models' namespace."""

    kind: Literal["secret"]
    name: Label
    """The Secret's name"""
    ca_certificate: str | None = None
    """PEM of the authority that signed it; left out where clients trust it anyway"""

    @field_validator("ca_certificate")
    @classmethod
    def _pem(cls, value: str | None) -> str | None:
        if value is not None and "-----BEGIN CERTIFICATE-----" not in value:
            raise mistake("a certificate in PEM", "paste it from the line BEGIN CERTIFICATE on")
        return value


_TLS: dict[str, type[Options]] = {"self-signed": SelfSignedOptions, "secret": SecretOptions}


class NginxOptions(GatewayOptions):
    """Ingress objects with ingress-nginx's annotations."""

    kind: Literal["nginx"]
    controller: Annotated[ControllerOptions | None, Chosen("controllers", short=True)] = None
    """What serves them; left out, the cluster's usual one. A controller of the stack's own takes
    the namespace `slipway-gateway` and the IngressClass `nginx`, so a cluster holds one; where
    they are there already, as with a second stack, name what serves the cluster by
    `{kind: present, …}`"""
    tls: Annotated[SelfSignedOptions | SecretOptions, OneOf(_TLS)] = SelfSignedOptions(
        kind="self-signed"
    )
    """The certificate"""
    ssl_redirect: bool = True
    """Send plain HTTP to HTTPS; false serves REST on port 80 too"""

    def chosen_controller(self, usual: str) -> ControllerOptions:
        """The controller; of the kind `usual` where the stack does not choose."""
        if self.controller is not None:
            return self.controller
        model = registry.implementation("controllers", usual).options
        made: ControllerOptions = model.model_validate({"kind": usual})
        return made

    def images(self, usual_controller: str) -> tuple[str, ...]:
        return self.chosen_controller(usual_controller).images()

    @model_validator(mode="after")
    def _named(self) -> NginxOptions:
        if isinstance(self.tls, SecretOptions) and self.host is None:
            raise mistake(
                "`host` beside `tls: {kind: secret}`",
                "write the name that the certificate has as host",
            )
        return self


class NginxGateway(pulumi.ComponentResource):
    """A controller, its load balancer and the certificate for its name. Models get their routes
    by `route`."""

    options = NginxOptions

    address: pulumi.Output[str]
    host: pulumi.Output[str]
    ca_certificate: pulumi.Output[str | None]

    def __init__(
        self,
        name: str,
        options: NginxOptions,
        *,
        config: StackConfig,
        cluster: Cluster,
        namespace: pulumi.Output[str],
        images: Images,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:gateway:NginxGateway", name, None, opts)
        self._options, self._limits, self._images = options, config.limits, images
        self._controller = self._make_controller(name, config, cluster, namespace)
        self.clients = self._controller.clients
        self.address = self._controller.address
        if options.host:
            self.host = pulumi.Output.from_input(options.host)
        else:
            self.host = self.address
        self.ca_certificate, self._tls_secret = self._make_certificate(name, namespace)
        self.register_outputs(
            {
                "address": self.address,
                "host": self.host,
                "ca_certificate": self.ca_certificate,
            }
        )

    def route(self, model: str, runtime: Runtime, opts: pulumi.ResourceOptions) -> Endpoint:
        """Routes below `/<model>/`, and how the model is called there."""
        NginxRoute(
            f"{label(model)}-route",
            NginxRouteArgs(
                model=model,
                backend=runtime.backend,
                after=[runtime, self._controller],
                rule_host=self.host.apply(lambda host: None if is_address(host) else host),
                ingress_class=self._controller.ingress_class,
                tls_secret=self._tls_secret,
                limits=self._limits,
                ssl_redirect=self._options.ssl_redirect,
            ),
            opts,
        )
        return self._endpoint(model, runtime.backend)

    def _endpoint(self, model: str, backend: Backend) -> Endpoint:
        both = pulumi.Output.all(self.address, self.host)
        predict = backend.protocol.predict.format(model=model)
        return Endpoint(
            runtime=backend.runtime,
            protocol=backend.protocol.name,
            grpc=None
            if backend.grpc_port is None
            else both.apply(
                lambda it: {
                    "target": socket_address(it[0], TLS_PORT),
                    "authority": it[1],
                    "path": f"/{model}",
                    "tls": True,
                }
            ),
            rest=None
            if backend.rest_port is None
            else both.apply(
                lambda it: {
                    "url": f"https://{url_host(it[1])}/{model}/{predict}",
                    "connect_to": socket_address(it[0], TLS_PORT),
                }
            ),
        )

    def _make_controller(
        self, name: str, config: StackConfig, cluster: Cluster, namespace: pulumi.Output[str]
    ) -> Controller:
        chosen = self._options.chosen_controller(cluster.default_controller)
        made: Controller = registry.implementation("controllers", chosen.kind)(
            f"{name}-controller",
            chosen,
            ControllerArgs(
                cluster=cluster,
                models=namespace,
                images=self._images,
                limits=config.limits,
                ssl_redirect=self._options.ssl_redirect,
                allow=self._options.allow,
                default_certificate=None if self._options.host else DEFAULT_CERTIFICATE,
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return made

    def _default_certificate(self) -> tuple[pulumi.Output[str], str] | None:
        """For clients that connect to a bare address: they name no host to choose it by."""
        home = self._controller.home
        if self._options.host:
            return None
        if home is None:
            pulumi.log.warn(
                "slipway:gateway.host is not set and the controller is not the stack's own: "
                "where its load balancer has an IP address and no name, clients are shown the "
                "controller's default certificate; set `host`",
                self,
            )
            return None
        return home, DEFAULT_CERTIFICATE

    def _make_certificate(
        self, name: str, namespace: pulumi.Output[str]
    ) -> tuple[pulumi.Output[str | None], pulumi.Output[str]]:
        tls = self._options.tls
        if isinstance(tls, SecretOptions):
            pem: pulumi.Output[str | None] = pulumi.Output.from_input(tls.ca_certificate)
            return pem, pulumi.Output.from_input(tls.name)
        made = Certificate(
            f"{name}-tls",
            dns_names=self.host.apply(lambda host: [] if is_address(host) else [host]),
            ip_addresses=self.host.apply(lambda host: [host] if is_address(host) else []),
            days=tls.days,
            namespace=namespace,
            default=self._default_certificate(),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return made.pem.apply(lambda text: text), made.secret_name
