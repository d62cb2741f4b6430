"""`NginxRoute`: the Ingress objects of one model, with ingress-nginx's annotations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.config.durations import seconds
from components.config.limits_options import LimitsOptions
from components.config.quantities import byte_count
from components.contracts.serving import Backend
from components.gateways.controller import BODY_IN_MEMORY, MARGIN_SECONDS
from components.kubernetes.object import UNTIL_ADDRESSED, Fields, KubernetesObject

_PREFIX = "nginx.ingress.kubernetes.io"
#: Bytes before a message of gRPC: whether it is compressed, and its length.
_GRPC_FRAME = 5


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
    """The Ingress objects of one model below `/<model>/`: one for gRPC and one for REST, since
    `backend-protocol` holds for a whole object, and one for gRPC's streams where the server has
    `streaming`. The prefix is removed on the way. One `use-regex` makes every path of a host a
    regular expression that ignores case, and a path matches from its start: the slash after the
    model's name keeps `/a` from `/ab`.

    The controller holds a request until it is whole and no larger than `limits.message_size`: gRPC
    has no Content-Length, and Traefik limits only what it buffers. A stream has no end to wait for,
    so Traefik does not limit its messages.
    """

    def __init__(
        self, name: str, args: NginxRouteArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("slipway:gateway:NginxRoute", name, None, opts)
        self._args = args
        self.objects: list[KubernetesObject] = []
        backend, protocol = args.backend, args.backend.protocol
        size = byte_count(args.limits.message_size)
        body = f"{_PREFIX}/proxy-body-size"
        buffered = {
            f"{_PREFIX}/proxy-request-buffering": "on",
            f"{_PREFIX}/client-body-buffer-size": str(BODY_IN_MEMORY),
        }
        if backend.grpc_port is not None:
            grpc = {
                f"{_PREFIX}/backend-protocol": "GRPC",
                body: str(size + _GRPC_FRAME),
            }
            self._ingress(f"{name}-grpc", protocol.grpc_pattern, backend.grpc_port, grpc | buffered)
            if backend.streaming and protocol.stream_pattern:
                self._ingress(f"{name}-stream", protocol.stream_pattern, backend.grpc_port, grpc)
        if backend.rest_port is not None:
            rest = {f"{_PREFIX}/backend-protocol": "HTTP", body: str(size)}
            self._ingress(
                f"{name}-rest",
                protocol.rest_pattern(args.model),
                backend.rest_port,
                rest | buffered,
            )
        self.register_outputs({})

    def _ingress(self, name: str, pattern: str, port: int, annotations: Mapping[str, str]) -> None:
        args = self._args
        timeout = str(seconds(args.limits.deadline) + MARGIN_SECONDS)
        service = args.backend.service

        def rule(values: list[str | None]) -> list[Fields]:
            host, target = values
            made: Fields = {
                "http": {
                    "paths": [
                        {
                            "path": f"/{args.model}/({pattern})",
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

        ingress = KubernetesObject(
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
                        f"{_PREFIX}/proxy-read-timeout": timeout,
                        f"{_PREFIX}/proxy-send-timeout": timeout,
                        **annotations,
                        **UNTIL_ADDRESSED,
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
        self.objects.append(ingress)
