"""Why an object that is being deleted still exists."""

from __future__ import annotations

import re
from typing import Final

from why.cluster import Cluster, Object
from why.refusals import namespace_remains

_CLAIM_IN_USE: Final = "kubernetes.io/pvc-protection"
_VOLUME_IN_USE: Final = "kubernetes.io/pv-protection"
_LOAD_BALANCER: Final = "service.kubernetes.io/load-balancer-cleanup"
#: A message of the namespace controller: `configmaps. has 1 resource instances`.
_REMAINING = re.compile(r"([a-z0-9-]+)\.([a-z0-9.-]*) has \d+ resource instances")
_MOST_OBJECTS = 5


def deletion_reasons(cluster: Cluster, live: Object) -> list[str]:
    """Sentences about the finalizers of `live` and what they wait for. [] if it is not being
    deleted."""
    metadata = live["metadata"]
    if "deletionTimestamp" not in metadata:
        return []
    found = [f"it is being deleted since {metadata['deletionTimestamp']}"]
    finalizers = list(metadata.get("finalizers") or [])
    if live["kind"] == "PersistentVolumeClaim" and _CLAIM_IN_USE in finalizers:
        finalizers.remove(_CLAIM_IN_USE)
        found += _mounting(cluster, live)
    if live["kind"] == "PersistentVolume" and _VOLUME_IN_USE in finalizers:
        finalizers.remove(_VOLUME_IN_USE)
        claim = live["spec"].get("claimRef") or {}
        found.append(
            f"PersistentVolumeClaim {claim.get('namespace')}/{claim.get('name')} is bound to it: "
            "delete that first"
        )
    if _LOAD_BALANCER in finalizers:
        finalizers.remove(_LOAD_BALANCER)
        found.append(
            "the cluster's load balancer controller has not deleted its load balancer yet "
            f"(finalizer {_LOAD_BALANCER})"
        )
    if live["kind"] == "Namespace":
        found += namespace_remains(live) + _remaining(cluster, live)
    found += [
        f"the finalizer {each} holds it: the controller that owns {each} has to remove it"
        for each in finalizers
        if each not in ("foregroundDeletion", "orphan")
    ]
    if "foregroundDeletion" in finalizers:
        found.append("what it owns is deleted first (foregroundDeletion)")
    return found


def _mounting(cluster: Cluster, claim: Object) -> list[str]:
    """Sentences about the pods that mount a claim."""
    namespace, name = claim["metadata"]["namespace"], claim["metadata"]["name"]
    pods = [
        pod["metadata"]["name"]
        for pod in cluster.objects("v1", "pods", namespace)
        if any(
            (volume.get("persistentVolumeClaim") or {}).get("claimName") == name
            for volume in pod["spec"].get("volumes") or []
        )
        and (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")
    ]
    if not pods:
        return [f"the finalizer {_CLAIM_IN_USE} holds it, though no running pod mounts it"]
    return [
        f"pod {pod} mounts it: `kubectl --namespace {namespace} delete pod {pod}`"
        for pod in pods[:_MOST_OBJECTS]
    ]


def _remaining(cluster: Cluster, namespace: Object) -> list[str]:
    """Sentences about the objects that are left in a namespace, with their finalizers."""
    name, found = namespace["metadata"]["name"], []
    for entry in (namespace.get("status") or {}).get("conditions") or []:
        if entry.get("type") != "NamespaceContentRemaining" or entry.get("status") != "True":
            continue
        for plural, group in _REMAINING.findall(str(entry.get("message"))):
            for live in cluster.preferred_objects(group, plural, name)[:_MOST_OBJECTS]:
                finalizers = live["metadata"].get("finalizers") or []
                title = f"{live['kind'] or plural} {live['metadata']['name']}"
                by = f", held by {', '.join(finalizers)}" if finalizers else ""
                found.append(f"{title} is still there{by}")
    return found
