"""`IngressNginx`: the ingress-nginx controller, installed by its chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pulumi
from pulumi_kubernetes.core.v1 import Service

from components.config.durations import seconds
from components.config.gateway_options import GATEWAY_NAMESPACE
from components.config.quantities import byte_count
from components.gateways.controller import (
    HEADER_BYTES,
    MARGIN_SECONDS,
    Controller,
    ControllerArgs,
    connection_bytes,
    namespace_peer,
    spool_bytes,
)
from components.gateways.controllers.ingress_nginx_options import (
    CONTROLLER_IMAGE,
    IngressNginxOptions,
)
from components.kubernetes.chart import ChartPin, make_chart
from components.kubernetes.object import KubernetesObject
from components.platform.load_balancer_service import load_balancer_address, load_balancer_fields
from components.platform.namespace import Namespace

#: Installs controller v1.15.1. Both are the last release.
PIN = ChartPin(
    name="ingress-nginx",
    repository="https://kubernetes.github.io/ingress-nginx",
    version="4.15.1",
)
INGRESS_CLASS = "nginx"
_SERVICE = "ingress-nginx-controller"
#: The Secret with the certificate for clients that send no host name. The controller finds it by
#: name.
_DEFAULT_CERTIFICATE = "gateway-tls"
#: Memory of the processes without connections: one worker for each core of the node.
_BASE_BYTES = 512 * 2**20
#: Servers decompress a body of 1 MB into up to 1 GiB, so compressed requests are refused. `identity`
#: means uncompressed, and no other encoding of gRPC begins with `i`.
_REFUSE_COMPRESSED = """if ($http_content_encoding) { return 415; }
if ($http_grpc_encoding ~ "^[^i]") { return 415; }"""
_LABELS = {
    "app.kubernetes.io/name": "ingress-nginx",
    "app.kubernetes.io/component": "controller",
}
_RETIRED = (
    "slipway:gateway.controller is ingress-nginx, which was retired in March 2026 and gets no "
    "security fixes; `controller: traefik` serves the same routes"
)


class IngressNginx(Controller):
    """ingress-nginx in a namespace of its own. Each run warns that the controller is retired. The
    chart's admission webhook is disabled: it refuses all routes until a Helm hook has signed its
    certificate, so the first `up` would fail and a second one succeed."""

    ingress_class: pulumi.Output[str]
    address: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        options: IngressNginxOptions,
        args: ControllerArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:gateway:IngressNginx", name, None, opts)
        pulumi.log.warn(_RETIRED, self)
        child = pulumi.ResourceOptions(parent=self)
        namespace = Namespace(f"{name}-home", GATEWAY_NAMESPACE, args.cluster, child).name
        self._open(f"{name}-open", namespace, child)
        args = replace(args, images=args.images.within(name, namespace, child))
        self.address = self._make_chart(f"{name}-chart", options, args, namespace)
        if args.default_certificate is not None:
            certificate = args.default_certificate(self.address)
            certificate.named_secret(f"{name}-tls", namespace, _DEFAULT_CERTIFICATE)
        self.allowed_peers = [namespace_peer(GATEWAY_NAMESPACE, _LABELS)]
        self.ingress_class = pulumi.Output.from_input(INGRESS_CLASS)
        self.register_outputs({"ingress_class": self.ingress_class, "address": self.address})

    def _open(self, name: str, namespace: pulumi.Output[str], opts: pulumi.ResourceOptions) -> None:
        KubernetesObject(
            name,
            "networking.k8s.io/v1",
            "NetworkPolicy",
            {
                "metadata": {"namespace": namespace},
                "spec": {
                    "podSelector": {"matchLabels": _LABELS},
                    "policyTypes": ["Ingress", "Egress"],
                    "ingress": [{"ports": [{"port": 80}, {"port": 443}]}],
                    "egress": [{}],
                },
            },
            opts,
        )

    def _make_chart(
        self,
        name: str,
        options: IngressNginxOptions,
        args: ControllerArgs,
        namespace: pulumi.Output[str],
    ) -> pulumi.Output[str]:
        """Installs the chart and returns the address of its Service. The engine passes the chart's
        objects as instances of the SDK's classes."""
        chart = make_chart(
            name,
            PIN,
            namespace=namespace,
            values=values(options, args),
            images=args.images,
            opts=pulumi.ResourceOptions(parent=self),
        )
        service: pulumi.Output[Service] = chart.resources.apply(find_service)
        status: pulumi.Output[Any] = service.status
        return status.apply(
            lambda it: load_balancer_address(
                it and {"loadBalancer": it.load_balancer}, f"{GATEWAY_NAMESPACE}/{_SERVICE}"
            )
        )


def values(options: IngressNginxOptions, args: ControllerArgs) -> dict[str, Any]:
    """The chart's values."""
    limits = args.limits
    timeout = str(seconds(limits.deadline) + MARGIN_SECONDS)
    controller: dict[str, Any] = {
        "replicaCount": options.replicas,
        "image": _image(args),
        "ingressClassResource": {"name": INGRESS_CLASS},
        "admissionWebhooks": {"enabled": False},
        "service": {
            "annotations": dict(args.cluster.load_balancer_annotations),
            **load_balancer_fields(args.cluster, args.allow),
        },
        "config": {
            "ssl-redirect": str(args.ssl_redirect).lower(),
            "proxy-body-size": str(byte_count(limits.message_size)),
            "proxy-read-timeout": timeout,
            "proxy-send-timeout": timeout,
            # nginx closes a stream if the client sends nothing for this long: 60 s by default.
            "client-body-timeout": timeout,
            "keep-alive": str(seconds(limits.idle)),
            "http2-max-concurrent-streams": str(limits.streams),
            "use-gzip": "false",
            "large-client-header-buffers": f"2 {HEADER_BYTES // 2048}k",
            "server-snippet": _REFUSE_COMPRESSED,
        },
        "resources": {
            "requests": {"cpu": "100m", "memory": "128Mi"},
            # nginx buffers requests on disk while it receives them.
            "limits": {
                "memory": _mebibytes(_BASE_BYTES + connection_bytes(limits)),
                "ephemeral-storage": _mebibytes(spool_bytes(limits) + 2**30),
            },
        },
        "scope": {"enabled": False},
        "allowSnippetAnnotations": False,
    }
    if args.default_certificate:
        certificate = f"{GATEWAY_NAMESPACE}/{_DEFAULT_CERTIFICATE}"
        controller["extraArgs"] = {"default-ssl-certificate": certificate}
    return {
        "fullnameOverride": "ingress-nginx",
        "imagePullSecrets": list(args.images.pull_secrets),
        "controller": controller,
    }


def _mebibytes(number: int) -> str:
    return f"{-(-number // 2**20)}Mi"


def _image(args: ControllerArgs) -> dict[str, str]:
    """The chart's own image, or the same tag at the mirror. A mirror may have repacked the image, so
    the chart's digest is dropped there; a digest in the stack file is kept."""
    if args.images.mirror is None:
        return {}
    reference, _, digest = args.images.resolve(CONTROLLER_IMAGE).partition("@")
    repository, _, tag = reference.rpartition(":")
    registry, _, image = repository.partition("/")
    return {"registry": registry, "image": image, "tag": tag, "digest": digest}


def find_service(resources: Sequence[Any] | None) -> Service:
    """Finds the controller's LoadBalancer Service among the chart's objects.

    Raises `pulumi.RunError` if the chart has none.
    """
    from pulumi_kubernetes.core.v1 import Service

    for resource in resources or ():
        if isinstance(resource, Service) and resource._name.endswith(f"/{_SERVICE}"):
            return resource
    raise pulumi.RunError(f"chart {PIN.name} {PIN.version} has no Service `{_SERVICE}`")
