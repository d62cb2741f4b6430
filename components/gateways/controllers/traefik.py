"""`Traefik`: an ingress controller that honours ingress-nginx's class and annotations."""

from __future__ import annotations

import json

import pulumi

from components import workload
from components.config.durations import seconds
from components.config.gateway_options import GATEWAY_NAMESPACE, TRAEFIK_SERVICE
from components.gateways.controller import (
    HEADER_BYTES,
    MARGIN_SECONDS,
    Controller,
    ControllerArgs,
    connection_bytes,
    namespace_peer,
    spool_bytes,
)
from components.gateways.controllers.traefik_access import TraefikAccess
from components.gateways.controllers.traefik_configuration import (
    DIRECTORY,
    FILE,
    configuration,
)
from components.gateways.controllers.traefik_options import TraefikOptions
from components.kubernetes.object import UNTIL_ADDRESSED, Fields, KubernetesObject
from components.platform.load_balancer_service import load_balancer_address, load_balancer_fields
from components.platform.namespace import Namespace

INGRESS_CLASS = "nginx"
#: `spec.controller` of ingress-nginx's IngressClass, which Traefik serves in its place.
CLASS_CONTROLLER = "k8s.io/ingress-nginx"
_PORTS = {"web": 8000, "websecure": 8443, "ping": 8080}
#: Memory of the process without connections.
_BASE_BYTES = 128 * 2**20
#: Characters that Traefik refuses where a path has them percent-encoded. No path of a model's API
#: needs one.
_ENCODED = ("slash", "backslash", "nullcharacter", "semicolon", "percent", "questionmark", "hash")
_LABELS = workload.labels("traefik", "gateway")


class Traefik(Controller):
    """Traefik in a namespace of its own, its load balancer, and the IngressClass that it serves.
    It watches two namespaces, the models' and its own. It sends no usage data and does not check
    for new versions."""

    ingress_class: pulumi.Output[str]
    address: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        options: TraefikOptions,
        args: ControllerArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:gateway:Traefik", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self.allowed_peers = [namespace_peer(GATEWAY_NAMESPACE, _LABELS)]
        self._namespace = Namespace(
            f"{name}-home", GATEWAY_NAMESPACE, args.cluster, self._child
        ).name
        access = self._make_access()
        self._make_network_policy()
        service = self._make_service()
        self.address = service.status.apply(
            lambda status: load_balancer_address(status, f"{GATEWAY_NAMESPACE}/{TRAEFIK_SERVICE}")
        )
        self._make_deployment(options, access)
        self.ingress_class = self._make_ingress_class()
        self.register_outputs({"ingress_class": self.ingress_class, "address": self.address})

    def _make_access(self) -> TraefikAccess:
        account = KubernetesObject(
            f"{self._name}-account",
            "v1",
            "ServiceAccount",
            {"metadata": {"namespace": self._namespace}, "automountServiceAccountToken": False},
            self._child,
        )
        return TraefikAccess(
            f"{self._name}-access",
            account=account.name,
            account_namespace=self._namespace,
            watched={"models": self._args.models, "home": self._namespace},
            opts=self._child,
        )

    def _make_network_policy(self) -> None:
        """Admits clients on the two entry points. A NetworkPolicy cannot select the API server, so
        all egress is allowed."""
        entry_points = [{"port": _PORTS["web"]}, {"port": _PORTS["websecure"]}]
        KubernetesObject(
            f"{self._name}-open",
            "networking.k8s.io/v1",
            "NetworkPolicy",
            {
                "metadata": {"namespace": self._namespace},
                "spec": {
                    "podSelector": {"matchLabels": _LABELS},
                    "policyTypes": ["Ingress", "Egress"],
                    "ingress": [{"ports": entry_points}],
                    "egress": [{}],
                },
            },
            self._child,
        )

    def _make_deployment(self, options: TraefikOptions, access: TraefikAccess) -> None:
        spool = spool_bytes(self._args.limits)
        held = _BASE_BYTES + connection_bytes(self._args.limits)
        images = self._args.images.within(self._name, self._namespace, self._child)
        traefik = workload.Workload(
            labels=_LABELS,
            image=images.resolve(options.image),
            pull_policy=images.pull_policy,
            pull_secrets=images.pull_secrets,
            command=None,
            arguments=self._arguments(),
            ports=_PORTS,
            startup_probe={"httpGet": {"path": "/ping", "port": "ping"}},
            readiness_probe={"tcpSocket": {"port": "websecure"}},
            liveness_probe={"httpGet": {"path": "/ping", "port": "ping"}},
            cpu=("100m", "2"),
            memory=("128Mi", f"{-(-(held + spool) // 2**20)}Mi"),
            # Near this size Go collects garbage more often, before the kernel kills the process.
            environment={"GOMEMLIMIT": str(held)},
            # Writes to a full file system in memory fail. The kubelet measures one on disk, and
            # evicts the pod when it is full.
            tmp={"medium": "Memory", "sizeLimit": str(spool)},
            replicas=options.replicas,
            deadline=seconds(self._args.limits.deadline) + MARGIN_SECONDS,
            drain=seconds(self._args.limits.drain),
            startup=180,
            service_account=access.account,
            token=True,
            volumes=[{"name": "config", "projected": {"sources": self._config_sources()}}],
            mounts=[{"name": "config", "mountPath": DIRECTORY, "readOnly": True}],
        )
        workload.disruption_budget(
            f"{self._name}-budget", traefik, self._namespace, opts=self._child
        )
        KubernetesObject(
            f"{self._name}-server",
            "apps/v1",
            "Deployment",
            {
                "metadata": {"namespace": self._namespace, "labels": _LABELS},
                "spec": traefik.deployment_spec(),
            },
            # Without its permissions Traefik starts but never becomes ready. On destroy it keeps
            # them until it has stopped.
            pulumi.ResourceOptions(
                parent=self, depends_on=[access], custom_timeouts=traefik.timeouts
            ),
        )

    def _arguments(self) -> list[pulumi.Input[str]]:
        limits = self._args.limits
        deadline = seconds(limits.deadline) + MARGIN_SECONDS
        provider = "--providers.kubernetesingressnginx"
        selector = pulumi.Output.concat(
            provider,
            ".watchnamespaceselector=kubernetes.io/metadata.name in (",
            self._args.models,
            ",",
            self._namespace,
            ")",
        )
        arguments: list[pulumi.Input[str]] = [
            "--global.checknewversion=false",
            "--global.sendanonymoususage=false",
            "--api=false",
            # By default Traefik serves a route that follows another only 2 s later.
            "--providers.providersthrottleduration=100ms",
            "--log.level=INFO",
            "--ping=true",
            "--ping.entrypoint=ping",
            f"--entrypoints.ping.address=:{_PORTS['ping']}",
            f"{provider}=true",
            f"{provider}.ingressclass={INGRESS_CLASS}",
            f"{provider}.controllerclass={CLASS_CONTROLLER}",
            f"{provider}.httpentrypoint=web",
            f"{provider}.httpsentrypoint=websecure",
            f"{provider}.publishservice={GATEWAY_NAMESPACE}/{TRAEFIK_SERVICE}",
            selector,
        ]
        for entry in ("web", "websecure"):
            point = f"--entrypoints.{entry}"
            arguments += [
                f"{point}.address=:{_PORTS[entry]}",
                # The default of 60 s would cut a stream that the client is still sending.
                f"{point}.transport.respondingtimeouts.readtimeout={deadline}s",
                f"{point}.transport.respondingtimeouts.writetimeout=0s",
                f"{point}.transport.respondingtimeouts.idletimeout={seconds(limits.idle)}s",
                f"{point}.transport.lifecycle.gracetimeout={deadline}s",
                f"{point}.http2.maxconcurrentstreams={limits.streams}",
                f"{point}.http.maxheaderbytes={HEADER_BYTES}",
                *(f"{point}.http.encodedcharacters.allowencoded{it}=false" for it in _ENCODED),
                # Drops headers that a server may read as another (X_Forwarded_For).
                f"{point}.http.aliasheadersstrategy=delete",
            ]
        arguments.append(f"--providers.file.filename={DIRECTORY}/{FILE}")
        return arguments

    def _config_sources(self) -> list[Fields]:
        """Sources of a projected volume: Traefik's dynamic configuration, and the certificate for
        clients that send no host name. A new certificate is a Secret of another name, so that pods
        roll out: in running pods the kubelet would replace it up to 90 s after `up`."""
        config = KubernetesObject(
            f"{self._name}-config",
            "v1",
            "ConfigMap",
            {
                "metadata": {"namespace": self._namespace},
                "data": {FILE: json.dumps(configuration(bool(self._args.default_certificate)))},
                "immutable": True,
            },
            self._child,
        )
        sources: list[Fields] = [{"configMap": {"name": config.name}}]
        if self._args.default_certificate:
            certificate = self._args.default_certificate(self.address)
            secret = certificate.secret(f"{self._name}-tls", self._namespace)
            sources.append({"secret": {"name": secret}})
        return sources

    def _make_service(self) -> KubernetesObject:
        """The load balancer. Its name is fixed: a flag names the Service, whose address Traefik
        writes into the status of Ingress objects. It is deployed once it has an address, before
        there are pods: these mount the certificate of that address."""
        return KubernetesObject(
            f"{self._name}-service",
            "v1",
            "Service",
            {
                "metadata": {
                    "name": TRAEFIK_SERVICE,
                    "namespace": self._namespace,
                    "annotations": {
                        **self._args.cluster.load_balancer_annotations,
                        **UNTIL_ADDRESSED,
                    },
                },
                "spec": {
                    "type": "LoadBalancer",
                    "selector": _LABELS,
                    **load_balancer_fields(self._args.cluster, self._args.allow),
                    "ports": [
                        {"name": "http", "port": 80, "targetPort": "web"},
                        {"name": "https", "port": 443, "targetPort": "websecure"},
                    ],
                },
            },
            pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )

    def _make_ingress_class(self) -> pulumi.Output[str]:
        ingress_class = KubernetesObject(
            f"{self._name}-class",
            "networking.k8s.io/v1",
            "IngressClass",
            {"metadata": {"name": INGRESS_CLASS}, "spec": {"controller": CLASS_CONTROLLER}},
            pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        return ingress_class.name
