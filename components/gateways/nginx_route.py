"""`NginxRoute`: the Ingress objects of one model, with ingress-nginx's annotations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.config.durations import seconds
from components.config.limits_options import LimitsOptions
from components.config.quantities import byte_count
from components.contracts.serving import Backend
from components.gateways import nginx_paths
from components.gateways.controller import BODY_IN_MEMORY, MARGIN_SECONDS
from components.kubernetes.object import UNTIL_ADDRESSED, Fields, KubernetesObject

_PREFIX = "nginx.ingress.kubernetes.io"
#: gRPC puts 5 bytes before each message: a compression flag, and the length in 4 bytes.
_GRPC_FRAME = 5


@dataclass(frozen=True, kw_only=True)
class NginxRouteArgs:
    """Arguments of a route. The rules of its objects are for the host `rule_host`; for any host
    where that is None, since clients connect to an IP address. The objects depend on the resources
    `after`."""

    model: str
    prefix: str
    backend: Backend
    after: Sequence[pulumi.Resource]
    rule_host: pulumi.Output[str | None]
    ingress_class: pulumi.Output[str]
    tls_secret: pulumi.Output[str]
    limits: LimitsOptions
    ssl_redirect: bool


class NginxRoute(pulumi.ComponentResource):
    """The Ingress objects of one model below its `prefix`: one for gRPC and one for REST, since
    `backend-protocol` applies to a whole object, and one for gRPC's streaming methods if the server
    has `streaming`. `rewrite-target` removes the prefix. A single `use-regex` turns all paths of a
    host into regular expressions that ignore case and match from the start of the path; the slash
    after the prefix keeps `/a` from matching `/ab`.

    The controller buffers a whole request, and refuses one larger than `limits.message_size`,
    before the server gets it: gRPC sends no Content-Length, and Traefik limits only what it
    buffers. A stream cannot be buffered, so Traefik does not limit its messages.
    """

    def __init__(
        self, name: str, args: NginxRouteArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("slipway:gateway:NginxRoute", name, None, opts)
        self._args = args
        self.objects: list[KubernetesObject] = []
        backend, protocol = args.backend, args.backend.protocol
        size = byte_count(args.limits.message_size)
        limit = f"{_PREFIX}/proxy-body-size"
        buffered = {
            f"{_PREFIX}/proxy-request-buffering": "on",
            f"{_PREFIX}/client-body-buffer-size": str(BODY_IN_MEMORY),
        }
        if backend.grpc_port is not None:
            grpc = {
                f"{_PREFIX}/backend-protocol": "GRPC",
                limit: str(size + _GRPC_FRAME),
            }
            self._ingress(
                f"{name}-grpc",
                nginx_paths.unary_methods(protocol),
                backend.grpc_port,
                grpc | buffered,
            )
            streaming = nginx_paths.streaming_methods(protocol)
            if backend.streaming and streaming:
                self._ingress(f"{name}-stream", streaming, backend.grpc_port, grpc)
        if backend.rest_port is not None:
            rest = {f"{_PREFIX}/backend-protocol": "HTTP", limit: str(size)}
            self._ingress(
                f"{name}-rest",
                nginx_paths.rest_paths(protocol, args.model),
                backend.rest_port,
                rest | buffered,
            )
        self.register_outputs({})

    def _ingress(self, name: str, pattern: str, port: int, annotations: Mapping[str, str]) -> None:
        args = self._args
        timeout = str(seconds(args.limits.deadline) + MARGIN_SECONDS)
        service = args.backend.service

        def rules(values: list[str | None]) -> list[Fields]:
            host, target = values
            rule: Fields = {
                "http": {
                    "paths": [
                        {
                            "path": f"{args.prefix}/({pattern})",
                            "pathType": "ImplementationSpecific",
                            "backend": {
                                "service": {"name": target or "", "port": {"number": port}}
                            },
                        }
                    ]
                }
            }
            return [{"host": host, **rule} if host else rule]

        def tls(values: list[str | None]) -> list[Fields]:
            host, secret = values
            entry: Fields = {"secretName": secret}
            return [{"hosts": [host], **entry} if host else entry]

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
                    "rules": pulumi.Output.all(args.rule_host, service).apply(rules),
                    "tls": pulumi.Output.all(args.rule_host, args.tls_secret).apply(tls),
                },
            },
            # `depends_on` of the component would not apply to its children.
            pulumi.ResourceOptions(parent=self, depends_on=[*args.after]),
        )
        self.objects.append(ingress)
