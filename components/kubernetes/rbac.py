"""Permissions of a service account on the cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.kubernetes.object import Fields, KubernetesObject

_GROUP = "rbac.authorization.k8s.io"
_VERSION = f"{_GROUP}/v1"


@dataclass(frozen=True, kw_only=True)
class Account:
    """A service account that roles are bound to."""

    name: pulumi.Input[str]
    namespace: pulumi.Input[str]


def role(
    name: str,
    rules: Sequence[Fields],
    opts: pulumi.ResourceOptions,
    namespace: pulumi.Input[str] | None = None,
) -> KubernetesObject:
    """A Role with `rules` in `namespace`; without one a ClusterRole."""
    fields: Fields = {"rules": list(rules)}
    if namespace is not None:
        fields["metadata"] = {"namespace": namespace}
    kind = "ClusterRole" if namespace is None else "Role"
    return KubernetesObject(name, _VERSION, kind, fields, opts)


def bind(
    name: str,
    role_name: pulumi.Input[str],
    account: Account,
    opts: pulumi.ResourceOptions,
    namespace: pulumi.Input[str] | None = None,
) -> KubernetesObject:
    """Gives `account` the Role of that name in `namespace`; without one the ClusterRole, in all
    namespaces."""
    fields: Fields = {
        "roleRef": {
            "apiGroup": _GROUP,
            "kind": "ClusterRole" if namespace is None else "Role",
            "name": role_name,
        },
        "subjects": [
            {"kind": "ServiceAccount", "name": account.name, "namespace": account.namespace}
        ],
    }
    if namespace is not None:
        fields["metadata"] = {"namespace": namespace}
    kind = "ClusterRoleBinding" if namespace is None else "RoleBinding"
    return KubernetesObject(name, _VERSION, kind, fields, opts)
