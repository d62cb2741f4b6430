"""`TraefikAccess`: the RBAC permissions of Traefik."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from components.kubernetes import rbac
from components.kubernetes.object import Fields

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
        traefik = rbac.Account(name=account, namespace=account_namespace)
        cluster_role = rbac.role(f"{name}-cluster", _CLUSTER_RULES, child)
        rbac.bind(f"{name}-cluster-binding", cluster_role.name, traefik, child)
        for key, namespace in watched.items():
            role = rbac.role(f"{name}-{key}", _NAMESPACE_RULES, child, namespace)
            rbac.bind(f"{name}-{key}-binding", role.name, traefik, child, namespace)
        self.account = account
        self.register_outputs({"account": account})
