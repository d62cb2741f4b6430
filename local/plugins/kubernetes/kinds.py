"""What is known of Kubernetes kinds without asking a cluster."""

from __future__ import annotations

import re
from typing import Any, Final

#: Built-in kinds that live in no namespace, by API group: `kubectl api-resources
#: --namespaced=false` of 1.36.
_CLUSTER_SCOPED: Final[dict[str, frozenset[str]]] = {
    "": frozenset({"ComponentStatus", "Namespace", "Node", "PersistentVolume"}),
    "admissionregistration.k8s.io": frozenset(
        {
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        }
    ),
    "apiextensions.k8s.io": frozenset({"CustomResourceDefinition"}),
    "apiregistration.k8s.io": frozenset({"APIService"}),
    "authentication.k8s.io": frozenset({"SelfSubjectReview", "TokenReview"}),
    "certificates.k8s.io": frozenset({"CertificateSigningRequest", "ClusterTrustBundle"}),
    "flowcontrol.apiserver.k8s.io": frozenset({"FlowSchema", "PriorityLevelConfiguration"}),
    "networking.k8s.io": frozenset({"IPAddress", "IngressClass", "ServiceCIDR"}),
    "node.k8s.io": frozenset({"RuntimeClass"}),
    "rbac.authorization.k8s.io": frozenset({"ClusterRole", "ClusterRoleBinding"}),
    "resource.k8s.io": frozenset({"DeviceClass", "DeviceTaintRule", "ResourceSlice"}),
    "scheduling.k8s.io": frozenset({"PriorityClass"}),
    "storage.k8s.io": frozenset(
        {"CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"}
    ),
}
_NAMESPACED_GROUPS: Final = frozenset(
    {"apps", "autoscaling", "batch", "coordination.k8s.io", "discovery.k8s.io", "events.k8s.io"}
    | {"policy", *_CLUSTER_SCOPED}
)
_TOKEN: Final = re.compile(r"^kubernetes:(?P<group>[^/:]+)/(?P<version>[^/:]+):(?P<kind>[^:]+)$")


def from_token(token: str) -> tuple[str, str]:
    """(apiVersion, kind) of a type token such as `kubernetes:apps/v1:Deployment`.

    Raises ValueError for a token that names no API kind.
    """
    match = _TOKEN.match(token)
    if match is None:
        raise ValueError(
            f"type {token!r}: expected kubernetes:<group>/<version>:<Kind>; this stand-in of the "
            "Kubernetes plugin serves API kinds and kubernetes:helm.sh/v4:Chart"
        )
    group, version = match["group"], match["version"]
    return (version if group == "core" else f"{group}/{version}"), match["kind"]


def group_of(api_version: str) -> str:
    """The API group of an apiVersion; "" for the core group."""
    return api_version.rpartition("/")[0]


def is_namespaced(api_version: str, kind: str) -> bool | None:
    """Whether `kind` lives in a namespace; None when only the API server knows."""
    group = group_of(api_version)
    if group not in _NAMESPACED_GROUPS:
        return None
    return kind not in _CLUSTER_SCOPED.get(group, frozenset())


def is_patch(kind: str) -> bool:
    """Whether a type token's kind is one of the SDK's patch types (`DeploymentPatch`)."""
    return kind.endswith("Patch")


def is_custom_resource_definition(value: dict[str, Any]) -> bool:
    """Whether an object defines new kinds."""
    return (
        group_of(str(value.get("apiVersion"))) == "apiextensions.k8s.io"
        and value.get("kind") == "CustomResourceDefinition"
    )
