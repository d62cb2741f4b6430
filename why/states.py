"""Why an object is not ready, from its own status."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from why.cluster import Cluster, Object, Reference
from why.refusals import refusal_reasons


def state_reasons(cluster: Cluster, live: Object) -> list[str]:
    """Sentences about `live` itself. [] if it is ready, or of a kind that is always ready."""
    check = _CHECKS.get(live["kind"])
    return check(cluster, live) if check else []


def condition(live: Object, name: str) -> Object:
    """The status condition `name`, or {}."""
    for entry in (live.get("status") or {}).get("conditions") or []:
        if entry.get("type") == name:
            return dict(entry)
    return {}


def available_replicas(live: Object) -> int:
    """The number of available pods of `live`, old and new."""
    return int((live.get("status") or {}).get("availableReplicas") or 0)


def _deployment(cluster: Cluster, live: Object) -> list[str]:
    status, wanted = live.get("status") or {}, live["spec"].get("replicas", 1)
    if status.get("observedGeneration", 0) < live["metadata"].get("generation", 0):
        return ["the deployment controller has not seen it yet"]
    updated, available = status.get("updatedReplicas", 0), available_replicas(live)
    total = status.get("replicas", 0)
    if updated >= wanted and available >= updated and total == updated:
        return []
    old = total - updated
    words = f"{max(available - old, 0)} of {wanted} new pods available"
    if old > 0:
        words += f"; {old} of the version before still run, {min(available, old)} available"
    found = [words]
    failure = condition(live, "ReplicaFailure")
    if failure.get("status") == "True":
        message = str(failure.get("message"))
        found.append(f"its pods cannot be created ({failure.get('reason')}): {message}")
        found += refusal_reasons(cluster, message, live["metadata"].get("namespace"))
    return found


def _service(cluster: Cluster, live: Object) -> list[str]:
    balancer = (live.get("status") or {}).get("loadBalancer") or {}
    if live["spec"].get("type") == "LoadBalancer" and not balancer.get("ingress"):
        return ["its load balancer has no address: no controller of the cluster has given it one"]
    return []


def _ingress(cluster: Cluster, live: Object) -> list[str]:
    if ((live.get("status") or {}).get("loadBalancer") or {}).get("ingress"):
        return []
    name = live["spec"].get("ingressClassName")
    if name:
        wanted = Reference(api_version="networking.k8s.io/v1", kind="IngressClass", name=name)
        if cluster.get(wanted) is None:
            return [f"it has no address: there is no IngressClass {name!r}"]
    return [
        f"it has no address: no controller of IngressClass {name!r} has written one into its status"
    ]


def _claim(cluster: Cluster, live: Object) -> list[str]:
    phase = (live.get("status") or {}).get("phase")
    if phase == "Bound":
        return []
    if phase == "Lost":
        return ["phase Lost: the PersistentVolume that it was bound to is gone"]
    name = live["spec"].get("storageClassName")
    if name is None:
        missing = "the cluster has no default StorageClass, the claim names none"
        return [f"phase {phase}: {missing}, and no PersistentVolume without one fits"]
    if not name:
        return [f"phase {phase}: no PersistentVolume without a StorageClass fits it"]
    storage_class = cluster.get(
        Reference(api_version="storage.k8s.io/v1", kind="StorageClass", name=name)
    )
    if storage_class is None:
        return [
            f"phase {phase}: there is no StorageClass {name!r}, and no PersistentVolume of it fits"
        ]
    if storage_class.get("volumeBindingMode") == "WaitForFirstConsumer":
        return [f"phase {phase}: StorageClass {name!r} makes a volume once a pod mounts the claim"]
    provisioner = storage_class.get("provisioner")
    return [f"phase {phase}: StorageClass {name!r} ({provisioner}) has made no volume for it yet"]


def _job(cluster: Cluster, live: Object) -> list[str]:
    failed = condition(live, "Failed")
    if failed.get("status") == "True":
        return [f"{failed.get('reason')}: {failed.get('message')}"]
    return []


def _custom_resource_definition(cluster: Cluster, live: Object) -> list[str]:
    names = condition(live, "NamesAccepted")
    if names.get("status") == "False":
        return [f"{names.get('reason')}: {names.get('message')}"]
    return []


_CHECKS: Final[dict[str, Callable[[Cluster, Object], list[str]]]] = {
    "CustomResourceDefinition": _custom_resource_definition,
    "Deployment": _deployment,
    "Ingress": _ingress,
    "Job": _job,
    "PersistentVolumeClaim": _claim,
    "Service": _service,
}
