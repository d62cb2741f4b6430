"""`NginxRoute`: the Ingress objects of one model, with ingress-nginx's annotations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.config.durations import seconds
from components.config.quantities import byte_count
from components.config.stack_config import LimitsOptions
from components.contracts import Backend
from components.kubernetes_object import Fields, KubernetesObject
from components.platform.gateway.controller import MARGIN_SECONDS

_PREFIX = "nginx.ingress.kubernetes.io"
#: Requests up to this are held in memory until they are whole, larger ones on disk.
_BODY_IN_MEMORY = "1m"


@dataclass(frozen=True, kw_only=True)
class NginxRouteArgs:
    """`rule_host` is the host of the rules, None where clients connect to a bare address;
    `after` is what is there before the routes and goes after them."""

    model: str
    backend: Backend
    after: Sequence[pulumi.Resource]
    rule_host: pulumi.Output[str | None]
    ingress_class: pulumi.Output[str]
    tls_secret: pulumi.Output[str]
    limits: LimitsOptions
    ssl_redirect: bool


class NginxRoute(pulumi.ComponentResource):
    """Up to two Ingress objects below `/<model>/`, since `backend-protocol` holds for a whole
    object: gRPC and REST by the paths of the protocol. The prefix is taken off on the way. One
    `use-regex` makes every path of a host a regular expression that ignores case, and a path
    matches from its start: the slash after the model's name keeps `/a` from `/ab`.
    """

    def __init__(
        self, name: str, args: NginxRouteArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("slipway:gateway:NginxRoute", name, None, opts)
        self._args = args
        backend = args.backend
        if backend.grpc_port is not None:
            self._ingress(
                f"{name}-grpc",
                path=f"/{args.model}/({backend.protocol.grpc_paths})",
                port=backend.grpc_port,
                annotations={f"{_PREFIX}/backend-protocol": "GRPC"},
            )
        if backend.rest_port is not None:
            rest = backend.protocol.rest_paths.format(model=args.model)
            self._ingress(
                f"{name}-rest",
                path=f"/{args.model}/({rest})",
                port=backend.rest_port,
                annotations={
                    f"{_PREFIX}/backend-protocol": "HTTP",
                    # Traefik refuses a body that is too large only where it buffers.
                    f"{_PREFIX}/proxy-request-buffering": "on",
                    f"{_PREFIX}/client-body-buffer-size": _BODY_IN_MEMORY,
                },
            )
        self.register_outputs({})

    def _ingress(self, name: str, path: str, port: int, annotations: Mapping[str, str]) -> None:
        args = self._args
        timeout = str(seconds(args.limits.deadline) + MARGIN_SECONDS)
        service = args.backend.service

        def rule(values: list[str | None]) -> list[Fields]:
            host, target = values
            made: Fields = {
                "http": {
                    "paths": [
                        {
                            "path": path,
                            "pathType": "ImplementationSpecific",
                            "backend": {
                                "service": {"name": target or "", "port": {"number": port}}
                            },
                        }
                    ]
                }
            }
            return [{"host": host, **made} if host else made]

        def tls(values: list[str | None]) -> list[Fields]:
            host, secret = values
            made: Fields = {"secretName": secret}
            return [{"hosts": [host], **made} if host else made]

        KubernetesObject(
            name,
            "networking.k8s.io/v1",
            "Ingress",
            {
                "metadata": {
                    "namespace": args.backend.namespace,
                    "annotations": {
                        f"{_PREFIX}/use-regex": "true",
                        f"{_PREFIX}/rewrite-target": "/$1",
                        f"{_PREFIX}/ssl-redirect": str(args.ssl_redirect).lower(),
                        f"{_PREFIX}/proxy-body-size": str(byte_count(args.limits.message_size)),
                        f"{_PREFIX}/proxy-read-timeout": timeout,
                        f"{_PREFIX}/proxy-send-timeout": timeout,
                        **annotations,
                    },
                },
                "spec": {
                    "ingressClassName": args.ingress_class,
                    "rules": pulumi.Output.all(args.rule_host, service).apply(rule),
                    "tls": pulumi.Output.all(args.rule_host, args.tls_secret).apply(tls),
                },
            },
            # On the component itself, `depends_on` would not reach its children.
            pulumi.ResourceOptions(parent=self, depends_on=[*args.after]),
        )
