"""Why something is not ready, in the cluster's own words: pods, events, last log lines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from local.plugins.kubernetes.api import Api
from local.plugins.kubernetes.errors import ApiError, KindNotFoundError, UnreachableError

Object = dict[str, Any]
_LOG_LINES: Final = 5
_MAX_PODS: Final = 3
_MAX_EVENTS: Final = 3
#: Waiting without these reasons is the usual course of a start and explains nothing.
_ORDINARY: Final = ("ContainerCreating", "PodInitializing")


async def reasons(api: Api, live: Object) -> list[str]:
    """What the cluster says about `live` and its pods; [] when it says nothing or cannot."""
    try:
        found = []
        pods = await _pods(api, live)
        for pod in pods[:_MAX_PODS]:
            found += await _pod(api, pod)
        if len(pods) > _MAX_PODS:
            found.append(f"{len(pods) - _MAX_PODS} more pods are not ready")
        found += await _events(api, live, pods)
    except (ApiError, KindNotFoundError, UnreachableError) as error:
        return [f"the cluster could not be asked for a reason: {error}"]
    return found


def selector_text(selector: Object) -> str:
    """A label selector as a query has it (`app=a,tier in (x,y)`)."""
    parts = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    for entry in selector.get("matchExpressions") or []:
        key, operator, values = entry["key"], entry["operator"], entry.get("values") or []
        if operator == "Exists":
            parts.append(key)
        elif operator == "DoesNotExist":
            parts.append(f"!{key}")
        else:
            parts.append(f"{key} {operator.lower()} ({','.join(values)})")
    return ",".join(parts)


async def _pods(api: Api, live: Object) -> list[Object]:
    """The pods of `live` that are not ready."""
    if live["kind"] == "Pod":
        return [live]
    selector = (live.get("spec") or {}).get("selector") or {}
    if live["kind"] in ("Service", "ReplicationController"):
        selector = {"matchLabels": selector}
    if not isinstance(selector, dict) or not selector_text(selector):
        return []
    target = _in_namespace_of(live, "v1", "Pod")
    pods = await api.list(target, labelSelector=selector_text(selector))
    return [{"apiVersion": "v1", "kind": "Pod", **pod} for pod in pods if not _is_ready(pod)]


def _is_ready(pod: Object) -> bool:
    status = pod.get("status") or {}
    return status.get("phase") == "Succeeded" or any(
        entry.get("type") == "Ready" and entry.get("status") == "True"
        for entry in status.get("conditions") or []
    )


async def _pod(api: Api, pod: Object) -> list[str]:
    name, status = pod["metadata"]["name"], pod.get("status") or {}
    found = [
        f"pod {name}: {entry.get('reason')}: {entry.get('message', '')}"
        for entry in status.get("conditions") or []
        if entry.get("type") == "PodScheduled" and entry.get("status") == "False"
    ]
    statuses = (status.get("initContainerStatuses") or []) + (status.get("containerStatuses") or [])
    for container in statuses:
        if words := _container(container):
            found.append(f"pod {name}, container {container['name']}: {words}")
            found += await _last_lines(api, pod, container)
    return found


def _container(status: Object) -> str | None:
    state, last = status.get("state") or {}, (status.get("lastState") or {}).get("terminated")
    waiting, terminated = state.get("waiting"), state.get("terminated")
    if waiting and waiting.get("reason") not in _ORDINARY:
        words = f"{waiting.get('reason')}: {waiting.get('message', '')}".rstrip(": ")
        return f"{words} (last exit: {_exit(last)})" if last else words
    if terminated and terminated.get("exitCode"):
        return _exit(terminated)
    if "running" in state and not status.get("ready"):
        restarts = status.get("restartCount", 0)
        return f"running but not ready ({restarts} restarts)"
    return None


def _exit(terminated: Object) -> str:
    words = f"{terminated.get('reason', 'exited')}, exit code {terminated.get('exitCode')}"
    return f"{words}: {terminated['message']}" if terminated.get("message") else words


async def _last_lines(api: Api, pod: Object, container: Object) -> list[str]:
    state = container.get("state") or {}
    previous = "waiting" in state and bool((container.get("lastState") or {}).get("terminated"))
    if "waiting" in state and not previous:
        return []
    path = f"{await api.path(pod)}/log"
    try:
        text = await api.text(
            path,
            container=container["name"],
            tailLines=str(_LOG_LINES),
            previous="true" if previous else "false",
        )
    except (ApiError, UnreachableError) as error:
        return [f"its log cannot be read: {error}"]
    return [f"its log: {line}" for line in text.splitlines()[-_LOG_LINES:] if line.strip()]


async def _events(api: Api, live: Object, pods: Iterable[Object]) -> list[str]:
    names = {live["metadata"]["name"], *(pod["metadata"]["name"] for pod in pods)}
    target = _in_namespace_of(live, "v1", "Event")
    if "namespace" not in target["metadata"]:
        target["metadata"]["namespace"] = "default"
    events = await api.list(target, fieldSelector="type=Warning", limit="500")
    prefix = f"{live['metadata']['name']}-"
    mine = [
        event
        for event in events
        if event["involvedObject"].get("name") in names
        # The pods' makers (ReplicaSet, Job) are named after what made them.
        or (
            event["involvedObject"].get("kind") in ("ReplicaSet", "Job")
            and str(event["involvedObject"].get("name")).startswith(prefix)
        )
    ]
    mine.sort(
        key=lambda event: event.get("lastTimestamp") or event["metadata"]["creationTimestamp"]
    )
    return [
        f"event on {event['involvedObject'].get('kind')} {event['involvedObject'].get('name')}: "
        f"{event.get('reason')}: {event.get('message')}"
        for event in mine[-_MAX_EVENTS:]
    ]


def _in_namespace_of(live: Object, api_version: str, kind: str) -> Object:
    metadata = {key: live["metadata"][key] for key in ("namespace",) if key in live["metadata"]}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}
