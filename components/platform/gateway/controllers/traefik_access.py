"""`TraefikAccess`: what Traefik may read of the API, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pulumi
from pulumi_kubernetes.rbac.v1 import ClusterRole, ClusterRoleBinding, Role, RoleBinding

if TYPE_CHECKING:
    from pulumi_kubernetes.rbac.v1 import PolicyRuleArgsDict, SubjectArgsDict

_GROUP = "rbac.authorization.k8s.io"
_READ = ["list", "watch"]
#: What the ingress-nginx provider asks for when namespaces are chosen by a selector.
_CLUSTER_RULES: list[PolicyRuleArgsDict] = [
    {"api_groups": [""], "resources": ["namespaces"], "verbs": ["list"]},
    {"api_groups": ["networking.k8s.io"], "resources": ["ingressclasses"], "verbs": _READ},
]
_NAMESPACE_RULES: list[PolicyRuleArgsDict] = [
    {"api_groups": [""], "resources": ["services", "secrets", "configmaps"], "verbs": _READ},
    {"api_groups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": _READ},
    {"api_groups": ["networking.k8s.io"], "resources": ["ingresses"], "verbs": _READ},
    {
        "api_groups": ["networking.k8s.io"],
        "resources": ["ingresses/status"],
        "verbs": ["update"],
    },
]


class TraefikAccess(pulumi.ComponentResource):
    """Roles in the watched namespaces alone: Secrets elsewhere stay out of its reach. `account`
    is the service account, known once the rights are there."""

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
        subject: SubjectArgsDict = {
            "kind": "ServiceAccount",
            "name": account,
            "namespace": account_namespace,
        }
        cluster_role = ClusterRole(f"{name}-cluster", rules=_CLUSTER_RULES, opts=child)
        ClusterRoleBinding(
            f"{name}-cluster-binding",
            role_ref={
                "api_group": _GROUP,
                "kind": "ClusterRole",
                "name": cluster_role.metadata.apply(lambda metadata: metadata.name or ""),
            },
            subjects=[subject],
            opts=child,
        )
        for key, namespace in watched.items():
            role = Role(
                f"{name}-{key}",
                metadata={"namespace": namespace},
                rules=_NAMESPACE_RULES,
                opts=child,
            )
            RoleBinding(
                f"{name}-{key}-binding",
                metadata={"namespace": namespace},
                role_ref={
                    "api_group": _GROUP,
                    "kind": "Role",
                    "name": role.metadata.apply(lambda metadata: metadata.name or ""),
                },
                subjects=[subject],
                opts=child,
            )
        self.account = account
        self.register_outputs({"account": account})
