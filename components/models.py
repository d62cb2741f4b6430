"""`Models`: the servers of a stack, and the routes to their models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components import registry
from components.addons.installation import InstalledAddons
from components.config.model_options import ModelOptions
from components.config.options import referenced_secrets
from components.config.servers import merged_server_options, servers
from components.context import StackContext
from components.contracts.cluster import Cluster
from components.contracts.routing import Endpoint, Gateway, Route, Router
from components.contracts.serving import Backend, ServedModel, ServerArgs
from components.contracts.source import SourceArgs
from components.generations import Generations
from components.platform.load_balancer import LoadBalancer
from components.platform.volumes import Volumes
from components.route_check import refuse_unsupported


class Models:
    """Every server of the stack and a route to each of its models. `endpoints` are by the models'
    names, in the order of the stack file; `generations` is the output `servers`."""

    endpoints: Mapping[str, Endpoint]
    generations: Mapping[str, Any]

    def __init__(
        self,
        context: StackContext,
        cluster: Cluster,
        namespace: pulumi.Output[str],
        gateway: Gateway,
        addons: InstalledAddons,
        opts: pulumi.ResourceOptions,
    ) -> None:
        config = context.config
        self._context, self._cluster, self._namespace = context, cluster, namespace
        self._gateway, self._addons, self._opts = gateway, addons, opts
        self._claims = Volumes("volumes", config.volumes, namespace, cluster, opts).claims
        self._images = context.images.within("models", namespace, opts)
        by_server = servers(config.models)
        generations = Generations(by_server)
        self.generations = generations.outputs
        endpoints: dict[str, Endpoint] = {}
        for name, members in by_server.items():
            options = merged_server_options(list(members.values()))
            backend = self._serve(name, members, options, generations.of(name))
            router = self._router(name, options, backend)
            for model in members:
                route = Route.to(model, backend)
                endpoints[model] = self._route(route, router, exposed=options.expose is not None)
        self.endpoints = {model: endpoints[model] for model in config.models}

    def _serve(
        self,
        name: str,
        members: Mapping[str, ModelOptions],
        options: ModelOptions,
        generation: pulumi.Output[str] | None,
    ) -> Backend:
        secrets = {key: self._context.secrets[key] for key in referenced_secrets(options)}
        runtime = registry.RUNTIMES.component(options.runtime)(
            name,
            ServerArgs(
                models=[self._model(model, each) for model, each in members.items()],
                options=options,
                cluster=self._cluster,
                namespace=self._namespace,
                images=self._images,
                limits=self._context.config.limits,
                allowed_peers=self._gateway.allowed_peers,
                secrets=secrets,
                generation=generation,
            ),
            self._addons.after(options.requires, self._opts),
        )
        return runtime.backend

    def _model(self, name: str, options: ModelOptions) -> ServedModel:
        source = registry.SOURCES.component(options.source.kind)(
            options.source,
            SourceArgs(
                model=name,
                namespace=self._namespace,
                claims=self._claims,
                images=self._images,
                opts=self._opts,
            ),
        )
        return ServedModel(name=name, options=options, source=source)

    def _route(self, route: Route, router: Router, *, exposed: bool) -> Endpoint:
        gateway = self._context.config.gateway
        assert gateway is not None  # a stack without one has no models
        refuse_unsupported(route, gateway, exposed=exposed)
        return router.route(route, self._opts)

    def _router(self, name: str, options: ModelOptions, backend: Backend) -> Router:
        """The gateway, or a load balancer of the server's own."""
        if options.expose is None:
            return self._gateway
        return LoadBalancer(name, options.expose, self._cluster, backend, self._opts)
