"""`TraefikAccess`: the RBAC permissions of Traefik."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from components.kubernetes.object import Fields, KubernetesObject

_GROUP = "rbac.authorization.k8s.io"
_VERSION = f"{_GROUP}/v1"
_READ = ["list", "watch"]
#: Permissions that the ingress-nginx provider needs to choose namespaces by a selector.
_CLUSTER_RULES: list[Fields] = [
    {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["list"]},
    {"apiGroups": ["networking.k8s.io"], "resources": ["ingressclasses"], "verbs": _READ},
]
_NAMESPACE_RULES: list[Fields] = [
    {"apiGroups": [""], "resources": ["services", "secrets", "configmaps"], "verbs": _READ},
    {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": _READ},
    {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses"], "verbs": _READ},
    {
        "apiGroups": ["networking.k8s.io"],
        "resources": ["ingresses/status"],
        "verbs": ["update"],
    },
]


class TraefikAccess(pulumi.ComponentResource):
    """Roles in the watched namespaces, so Traefik can read no Secrets of others. `account` is the
    name of the service account that they are bound to."""

    account: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        account: pulumi.Output[str],
        account_namespace: pulumi.Output[str],
        watched: Mapping[str, pulumi.Output[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:gateway:TraefikAccess", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        subject: Fields = {
            "kind": "ServiceAccount",
            "name": account,
            "namespace": account_namespace,
        }
        cluster_role = KubernetesObject(
            f"{name}-cluster", _VERSION, "ClusterRole", {"rules": _CLUSTER_RULES}, child
        )
        KubernetesObject(
            f"{name}-cluster-binding",
            _VERSION,
            "ClusterRoleBinding",
            {
                "roleRef": {"apiGroup": _GROUP, "kind": "ClusterRole", "name": cluster_role.name},
                "subjects": [subject],
            },
            child,
        )
        for key, namespace in watched.items():
            role = KubernetesObject(
                f"{name}-{key}",
                _VERSION,
                "Role",
                {"metadata": {"namespace": namespace}, "rules": _NAMESPACE_RULES},
                child,
            )
            KubernetesObject(
                f"{name}-{key}-binding",
                _VERSION,
                "RoleBinding",
                {
                    "metadata": {"namespace": namespace},
                    "roleRef": {"apiGroup": _GROUP, "kind": "Role", "name": role.name},
                    "subjects": [subject],
                },
                child,
            )
        self.account = account
        self.register_outputs({"account": account})
