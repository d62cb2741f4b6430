"""`MetricsServer`: serves the load of pods to autoscalers, on a cluster without a metrics API."""

from __future__ import annotations

import base64

import pulumi

from components import workload
from components.addons.metrics_server_options import API_SERVICE, MetricsServerOptions
from components.contracts.addon import AddonArgs
from components.images import Images
from components.kubernetes import rbac
from components.kubernetes.object import Fields, KubernetesObject
from components.platform.certificates import Certificate
from components.platform.namespace import Namespace

METRICS_NAMESPACE = "slipway-metrics"
#: The name of the Service. It is in the certificate, so it is fixed.
_SERVICE = "metrics-server"
_PORT = 10250
_TLS = "/etc/metrics-server"
#: Days that the certificate is valid. Only `up` renews it, and only the API server trusts it.
_DAYS = 3650
_LABELS = workload.labels("metrics-server", "metrics")
_RULES: list[Fields] = [
    {"apiGroups": [""], "resources": ["nodes/metrics"], "verbs": ["get"]},
    {"apiGroups": [""], "resources": ["nodes", "pods"], "verbs": ["get", "list", "watch"]},
]


class MetricsServer(pulumi.ComponentResource):
    """metrics-server in a namespace of its own, and the APIService by which the API server finds
    it and verifies its certificate. It may read pods, nodes and their load, and nothing else."""

    def __init__(
        self,
        name: str,
        options: MetricsServerOptions,
        args: AddonArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        old = pulumi.Alias(name="metrics", type_="slipway:platform:MetricsServer")
        opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(aliases=[old]))
        super().__init__("slipway:addons:MetricsServer", name, None, opts)
        self._name = name
        self._child = pulumi.ResourceOptions(parent=self)
        self._namespace = Namespace(
            f"{name}-home", METRICS_NAMESPACE, args.cluster, self._child
        ).name
        certificate = Certificate(
            f"{name}-tls",
            dns_names=[f"{_SERVICE}.{METRICS_NAMESPACE}.svc"],
            ip_addresses=[],
            days=_DAYS,
            opts=self._child,
        )
        secret = certificate.secret(f"{name}-tls-secret", self._namespace)
        self._make_network_policy()
        account, access = self._make_access()
        images = args.images.within(name, self._namespace, self._child)
        server = self._make_workload(options, images, account, secret)
        deployment = KubernetesObject(
            f"{name}-server",
            "apps/v1",
            "Deployment",
            {
                "metadata": {"namespace": self._namespace, "labels": _LABELS},
                "spec": server.deployment_spec(),
            },
            # Without its permissions it starts and never becomes ready.
            pulumi.ResourceOptions(parent=self, depends_on=access, custom_timeouts=server.timeouts),
        )
        self.ready = [self._make_api(certificate, deployment)]
        self.register_outputs({})

    def _make_access(self) -> tuple[pulumi.Output[str], list[KubernetesObject]]:
        account = KubernetesObject(
            f"{self._name}-account",
            "v1",
            "ServiceAccount",
            {"metadata": {"namespace": self._namespace}, "automountServiceAccountToken": False},
            self._child,
        ).name
        reader = rbac.Account(name=account, namespace=self._namespace)
        role = rbac.role(f"{self._name}-reader", _RULES, self._child)

        def bind(
            what: str, role_name: pulumi.Input[str], namespace: str | None = None
        ) -> KubernetesObject:
            return rbac.bind(f"{self._name}-{what}", role_name, reader, self._child, namespace)

        return account, [
            bind("reader-binding", role.name),
            # metrics-server asks the API server who its callers are and what they may do.
            bind("delegator", "system:auth-delegator"),
            bind("authentication", "extension-apiserver-authentication-reader", "kube-system"),
        ]

    def _make_network_policy(self) -> None:
        """A NetworkPolicy can select neither the API server, which calls metrics-server, nor the
        nodes, which it calls. So only the port of incoming calls is limited."""
        KubernetesObject(
            f"{self._name}-open",
            "networking.k8s.io/v1",
            "NetworkPolicy",
            {
                "metadata": {"namespace": self._namespace},
                "spec": {
                    "podSelector": {"matchLabels": _LABELS},
                    "policyTypes": ["Ingress", "Egress"],
                    "ingress": [{"ports": [{"port": _PORT}]}],
                    "egress": [{}],
                },
            },
            self._child,
        )

    def _make_workload(
        self,
        options: MetricsServerOptions,
        images: Images,
        account: pulumi.Output[str],
        secret: pulumi.Output[str],
    ) -> workload.Workload:
        def probe(path: str) -> Fields:
            return {"httpGet": {"path": path, "port": "https", "scheme": "HTTPS"}}

        arguments = [
            f"--secure-port={_PORT}",
            f"--tls-cert-file={_TLS}/tls.crt",
            f"--tls-private-key-file={_TLS}/tls.key",
            # Addresses first: kubelets' certificates have host names, which cluster DNS lacks.
            "--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname",
            "--kubelet-use-node-status-port",
            "--metric-resolution=15s",
        ]
        if options.kubelet_insecure_tls:
            arguments.append("--kubelet-insecure-tls")
        return workload.Workload(
            labels=_LABELS,
            image=images.resolve(options.image),
            pull_policy=images.pull_policy,
            pull_secrets=images.pull_secrets,
            command=None,
            arguments=arguments,
            ports={"https": _PORT},
            startup_probe=probe("/livez"),
            # It is ready once it has read the load of the nodes.
            readiness_probe=probe("/readyz"),
            liveness_probe=probe("/livez"),
            cpu=("100m", "1"),
            memory=("200Mi", "1Gi"),
            replicas=1,
            deadline=30,
            drain=2,
            startup=180,
            service_account=account,
            token=True,
            volumes=[{"name": "tls", "secret": {"secretName": secret}}],
            mounts=[{"name": "tls", "mountPath": _TLS, "readOnly": True}],
        )

    def _make_api(self, certificate: Certificate, deployment: KubernetesObject) -> KubernetesObject:
        service = KubernetesObject(
            f"{self._name}-service",
            "v1",
            "Service",
            {
                "metadata": {"name": _SERVICE, "namespace": self._namespace},
                "spec": {
                    "selector": _LABELS,
                    "ports": [{"name": "https", "port": 443, "targetPort": "https"}],
                },
            },
            # The provider waits for the Service's pods, too, but cannot say why there are none.
            pulumi.ResourceOptions(
                parent=self, depends_on=[deployment], delete_before_replace=True
            ),
        )
        group, version = API_SERVICE.split(".", 1)[::-1]
        return KubernetesObject(
            f"{self._name}-api",
            "apiregistration.k8s.io/v1",
            "APIService",
            {
                "metadata": {"name": API_SERVICE},
                "spec": {
                    "group": group,
                    "version": version,
                    "service": {"name": service.name, "namespace": self._namespace},
                    "caBundle": certificate.pem.apply(_base64),
                    "groupPriorityMinimum": 100,
                    "versionPriority": 100,
                },
            },
            # It is created last and deleted first: while no pod serves it, no namespace can be
            # deleted.
            pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )


def _base64(pem: str) -> str:
    return base64.b64encode(pem.encode()).decode()
