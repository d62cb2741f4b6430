"""Why the pods of an object are not ready."""

from __future__ import annotations

from collections.abc import Sequence

from why.cluster import Cluster, Object, selector_text
from why.containers import container_reasons
from why.events import event_reasons

#: All replicas of a server fail for the same reason.
_MOST_PODS = 3
#: Kinds that create the pods of a Deployment or a CronJob.
_POD_CREATORS = ("ReplicaSet", "Job")


def pod_reasons(cluster: Cluster, live: Object, known: Sequence[str] = ()) -> list[str]:
    """Sentences about the pods of `live` that are not ready. Further sentences are about the events of
    these pods, of `live` and of its ReplicaSets, if they add to the other sentences and to `known`."""
    metadata = live["metadata"]
    namespace, name = metadata.get("namespace"), metadata["name"]
    pods = _unready_pods(cluster, live)
    # A Service fails together with its Deployment, for which the logs are shown.
    logs = live["kind"] != "Service"
    found: list[str] = []
    events: list[Object] = []
    for pod in pods[:_MOST_PODS]:
        pod_events = cluster.events(namespace, name=pod["metadata"]["name"])
        found += _scheduling(pod) + container_reasons(cluster, pod, pod_events, logs=logs)
        events += pod_events
    if len(pods) > _MOST_PODS:
        found.append(f"{len(pods) - _MOST_PODS} more pods are not ready")
    if live["kind"] != "Pod":
        events += cluster.events(namespace, name=name, kind=live["kind"])
        if live["kind"] in ("Deployment", "CronJob"):
            for kind in _POD_CREATORS:
                of_kind = cluster.events(namespace, kind=kind)
                prefix = f"{name}-"
                events += [e for e in of_kind if e["involvedObject"]["name"].startswith(prefix)]
    return found + event_reasons(events, [*known, *found])


def _unready_pods(cluster: Cluster, live: Object) -> list[Object]:
    if live["kind"] == "Pod":
        return [] if _is_ready(live) else [live]
    selector = (live.get("spec") or {}).get("selector") or {}
    if live["kind"] in ("Service", "ReplicationController"):
        selector = {"matchLabels": selector}
    # The selector of a claim selects volumes, not pods.
    if live["kind"] == "PersistentVolumeClaim" or not selector_text(selector):
        return []
    pods = cluster.objects(
        "v1", "pods", live["metadata"]["namespace"], labelSelector=selector_text(selector)
    )
    return [
        pod for pod in pods if not _is_ready(pod) and "deletionTimestamp" not in pod["metadata"]
    ]


def _is_ready(pod: Object) -> bool:
    status = pod.get("status") or {}
    return status.get("phase") == "Succeeded" or any(
        entry.get("type") == "Ready" and entry.get("status") == "True"
        for entry in status.get("conditions") or []
    )


def _scheduling(pod: Object) -> list[str]:
    name, status = pod["metadata"]["name"], pod.get("status") or {}
    found = [
        f"pod {name}: no node can run it: {entry.get('message') or entry.get('reason')}"
        for entry in status.get("conditions") or []
        if entry.get("type") == "PodScheduled" and entry.get("status") == "False"
    ]
    if status.get("phase") == "Pending" and not status.get("conditions"):
        found.append(f"pod {name}: no scheduler has looked at it yet")
    if status.get("phase") == "Failed" and status.get("reason"):
        found.append(f"pod {name}: {status['reason']}: {status.get('message', '')}")
    return found
