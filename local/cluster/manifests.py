"""The objects that every local cluster gets at its start: a StorageClass and cluster DNS."""

from __future__ import annotations

from local.cluster.api import Object
from local.cluster.cloud import PROVISIONER, STORAGE_CLASS
from local.cluster.spec import DNS_IP, ClusterSpec

COREFILE = """\
.:5353 {
    errors
    health :8080
    ready :8181
    kubernetes cluster.local in-addr.arpa {
        ttl 30
    }
    cache 30
    reload
}
"""

_LABELS = {"k8s-app": "kube-dns"}
_META = {"name": "coredns", "namespace": "kube-system"}


def storage_class() -> tuple[str, Object]:
    """The default StorageClass, whose volumes are directories of the cluster."""
    return f"/apis/storage.k8s.io/v1/storageclasses/{STORAGE_CLASS}", {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": STORAGE_CLASS,
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        "provisioner": PROVISIONER,
        "reclaimPolicy": "Retain",
        "volumeBindingMode": "Immediate",
    }


def dns(spec: ClusterSpec) -> list[tuple[str, Object]]:
    """CoreDNS as one pod behind the Service `kube-dns`."""
    core, rbac = "/api/v1/namespaces/kube-system", "/apis/rbac.authorization.k8s.io/v1"
    rules = [
        {
            "apiGroups": [""],
            "resources": ["endpoints", "services", "pods", "namespaces"],
            "verbs": ["list", "watch"],
        },
        {
            "apiGroups": ["discovery.k8s.io"],
            "resources": ["endpointslices"],
            "verbs": ["list", "watch"],
        },
    ]
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "coredns"}
    subject = {"kind": "ServiceAccount", **_META}
    ports = [
        {"name": "dns", "port": 53, "targetPort": 5353, "protocol": "UDP"},
        {"name": "dns-tcp", "port": 53, "targetPort": 5353, "protocol": "TCP"},
    ]
    service = {"clusterIP": DNS_IP, "selector": _LABELS, "ports": ports}
    return [
        (f"{core}/serviceaccounts/coredns", _object("v1", "ServiceAccount", _META)),
        (
            f"{core}/configmaps/coredns",
            _object("v1", "ConfigMap", _META, data={"Corefile": COREFILE}),
        ),
        (
            f"{rbac}/clusterroles/coredns",
            _object(
                "rbac.authorization.k8s.io/v1", "ClusterRole", {"name": "coredns"}, rules=rules
            ),
        ),
        (
            f"{rbac}/clusterrolebindings/coredns",
            _object(
                "rbac.authorization.k8s.io/v1",
                "ClusterRoleBinding",
                {"name": "coredns"},
                roleRef=role,
                subjects=[subject],
            ),
        ),
        (
            f"{core}/services/kube-dns",
            _object("v1", "Service", {**_META, "name": "kube-dns"}, spec=service),
        ),
        (
            "/apis/apps/v1/namespaces/kube-system/deployments/coredns",
            _object("apps/v1", "Deployment", _META, spec=_dns_deployment(spec)),
        ),
    ]


def _dns_deployment(spec: ClusterSpec) -> Object:
    container = {
        "name": "coredns",
        "image": spec.dns_image,
        "imagePullPolicy": "IfNotPresent",
        "args": ["-conf", "/etc/coredns/Corefile"],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "resources": {"requests": {"cpu": "20m", "memory": "32Mi"}, "limits": {"memory": "170Mi"}},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8181}, "periodSeconds": 2},
        "livenessProbe": {"httpGet": {"path": "/health", "port": 8080}, "failureThreshold": 5},
        "volumeMounts": [{"name": "config", "mountPath": "/etc/coredns", "readOnly": True}],
    }
    pod = {
        "serviceAccountName": "coredns",
        "priorityClassName": "system-cluster-critical",
        "dnsPolicy": "Default",
        "containers": [container],
        "volumes": [{"name": "config", "configMap": {"name": "coredns"}}],
    }
    return {
        "replicas": 1,
        "selector": {"matchLabels": _LABELS},
        "template": {"metadata": {"labels": _LABELS}, "spec": pod},
    }


def _object(version: str, kind: str, metadata: Object, **rest: object) -> Object:
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **rest}
