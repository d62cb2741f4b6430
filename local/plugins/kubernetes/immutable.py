"""Fields that Kubernetes lets be set once: changing one makes the object anew.

Sources: the `strategy` and `validation` packages of k8s.io/kubernetes 1.36, and the resource
pages of the official plugin. What is missing here is found by a dry run (`operations.diff`).
"""

from __future__ import annotations

from typing import Any

from local.plugins.kubernetes.kinds import group_of

_IDENTITY = ("kind", "metadata.name", "metadata.namespace")
_WORKLOAD = ("spec.selector",)
_FIELDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("apps", "DaemonSet"): _WORKLOAD,
    ("apps", "Deployment"): _WORKLOAD,
    ("apps", "ReplicaSet"): _WORKLOAD,
    ("apps", "StatefulSet"): (
        "spec.podManagementPolicy",
        "spec.selector",
        "spec.serviceName",
        "spec.volumeClaimTemplates",
    ),
    ("batch", "Job"): ("spec.completions", "spec.parallelism", "spec.selector", "spec.template"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): ("roleRef",),
    ("rbac.authorization.k8s.io", "RoleBinding"): ("roleRef",),
    ("scheduling.k8s.io", "PriorityClass"): ("value", "preemptionPolicy"),
    ("node.k8s.io", "RuntimeClass"): ("handler",),
    ("storage.k8s.io", "StorageClass"): (
        "parameters",
        "provisioner",
        "reclaimPolicy",
        "volumeBindingMode",
    ),
    ("", "PersistentVolumeClaim"): (
        "spec.accessModes",
        "spec.selector",
        "spec.storageClassName",
        "spec.volumeMode",
        "spec.volumeName",
    ),
    ("", "ResourceQuota"): ("spec.scopes",),
    ("", "Secret"): ("type",),
    ("", "Service"): ("spec.clusterIP", "spec.clusterIPs"),
}
#: Of a pod only the images, the deadline, the tolerations and the gates can be changed.
_POD_MUTABLE = ("spec.activeDeadlineSeconds", "spec.tolerations", "spec.schedulingGates")


def replaces(path: str, inputs: dict[str, Any], mutable: frozenset[str]) -> bool:
    """Whether a change at `path` (`spec.selector.matchLabels.app`) makes the object anew.

    The official plugin also replaces a ConfigMap or a Secret whose data changes (pods would not
    see it otherwise); `mutable` has the kinds for which the provider is told not to.
    """
    group, kind = group_of(str(inputs.get("apiVersion", ""))), str(inputs.get("kind", ""))
    if _within(path, _IDENTITY):
        return True
    if (group, kind) == ("", "Pod"):
        return path.startswith("spec") and not _within(path, _POD_MUTABLE)
    if (group, kind) == ("", "PersistentVolume"):
        return path.startswith("spec.") and path.split(".")[1] not in _PV_MUTABLE
    fields = _FIELDS.get((group, kind), ())
    if (group, kind) in (("", "ConfigMap"), ("", "Secret")) and (
        kind not in mutable or inputs.get("immutable") is True or path == "immutable"
    ):
        fields += ("data", "binaryData", "stringData", "immutable")
    return _within(path, fields)


_PV_MUTABLE = frozenset(
    {"accessModes", "capacity", "claimRef", "mountOptions", "persistentVolumeReclaimPolicy"}
    | {"nodeAffinity", "storageClassName", "volumeAttributesClassName"}
)


def _within(path: str, fields: tuple[str, ...]) -> bool:
    return any(
        path == field or path.startswith((f"{field}.", f"{field}[")) or field.startswith(f"{path}.")
        for field in fields
    )
