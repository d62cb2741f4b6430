"""Why something is not ready, in the cluster's own words: pods, events, last log lines."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from local.plugins.kubernetes.api import Api
from local.plugins.kubernetes.errors import ApiError, KindNotFoundError, UnreachableError

Object = dict[str, Any]
#: So many different lines of so many are told.
_LOG_LINES, _LOG_READ = 5, 40
_MAX_PODS: Final = 3
_MAX_EVENTS: Final = 3
#: Waiting without these reasons is the usual course of a start and explains nothing.
_ORDINARY: Final = ("ContainerCreating", "PodInitializing")
#: What a container waits for, in a sentence that its image goes into; the kubelet's own message
#: comes after it.
_WAITING: Final = {
    "ErrImagePull": "its image {image} cannot be pulled",
    "ImagePullBackOff": "its image {image} cannot be pulled",
    "ErrImageNeverPull": "its image {image} is not on the node, and is never pulled",
    "InvalidImageName": "its image {image} has a name that no image can have",
    "CreateContainerConfigError": "what it is configured by is not there",
    "RunContainerError": "it cannot be started",
}
_LOG: Final = "its log: "
#: Events that only repeat what is said of the pod itself.
_REPEATING: Final = ("BackOff", "FailedScheduling", "Unhealthy")


async def reasons(api: Api, live: Object) -> list[str]:
    """What the cluster says about `live` and its pods; [] when it says nothing or cannot."""
    try:
        found = []
        pods = await _pods(api, live)
        for pod in pods[:_MAX_PODS]:
            # A Service is waited for together with what makes its pods, which tells their logs.
            found += await _pod(api, pod, logs=live["kind"] != "Service")
        if len(pods) > _MAX_PODS:
            found.append(f"{len(pods) - _MAX_PODS} more pods are not ready")
        found += _new(await _events(api, live, pods), "\n".join(found))
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
    return [
        {"apiVersion": "v1", "kind": "Pod", **pod}
        for pod in pods
        if not _is_ready(pod) and "deletionTimestamp" not in pod["metadata"]
    ]


def _is_ready(pod: Object) -> bool:
    status = pod.get("status") or {}
    return status.get("phase") == "Succeeded" or any(
        entry.get("type") == "Ready" and entry.get("status") == "True"
        for entry in status.get("conditions") or []
    )


async def _pod(api: Api, pod: Object, *, logs: bool) -> list[str]:
    name, status = pod["metadata"]["name"], pod.get("status") or {}
    found = [
        f"pod {name}: no node takes it: {entry.get('message') or entry.get('reason')}"
        for entry in status.get("conditions") or []
        if entry.get("type") == "PodScheduled" and entry.get("status") == "False"
    ]
    if status.get("phase") == "Failed" and status.get("reason"):
        found.append(f"pod {name}: {status['reason']}: {status.get('message', '')}")
    for kind, what in (("initContainer", "init container"), ("container", "container")):
        specs = {each["name"]: each for each in pod["spec"].get(f"{kind}s") or []}
        for container in status.get(f"{kind}Statuses") or []:
            lines = await _last_lines(api, pod, container) if logs else []
            spec = specs.get(container["name"], {})
            logged = any(line.startswith(_LOG) for line in lines)
            if words := _container(container, spec, logged=logged, init=kind != "container"):
                found += [f"pod {name}, {what} {container['name']}: {words}", *lines]
            elif await _is_being_pulled(api, pod, container):
                image = spec.get("image")
                found.append(
                    f"pod {name}, {what} {container['name']}: its image {image} is being pulled"
                )
    return found


async def _is_being_pulled(api: Api, pod: Object, container: Object) -> bool:
    if "waiting" not in (container.get("state") or {}):
        return False
    target = _in_namespace_of(pod, "v1", "Event")
    about = f"involvedObject.name={pod['metadata']['name']}"
    field = f"{{{container['name']}}}"  # `spec.containers{server}`
    reasons_of = [
        event.get("reason")
        for event in await api.list(target, fieldSelector=about)
        if str(event["involvedObject"].get("fieldPath")).endswith(field)
    ]
    return "Pulling" in reasons_of and "Pulled" not in reasons_of


def _container(status: Object, spec: Object, *, logged: bool, init: bool) -> str | None:
    """What keeps a container from being ready; `logged`: its last lines are told beside it."""
    state = status.get("state") or {}
    waiting, restarts = state.get("waiting"), status.get("restartCount", 0)
    ended = state.get("terminated") or (status.get("lastState") or {}).get("terminated")
    if waiting and (sentence := _WAITING.get(waiting.get("reason"))):
        image = status.get("image") or spec.get("image")
        words = f"{sentence.format(image=image)} ({waiting['reason']})"
        return f"{words}: {waiting['message']}" if waiting.get("message") else words
    if ended and ended.get("exitCode") and not status.get("ready"):
        words = f"{_exit(ended, spec)}, {_times(restarts)}"
        if "running" in state:
            words = f"it runs again and is not ready; before, {words}"
        said = str(ended.get("message") or "").strip().splitlines()
        return words if logged or not said else f"{words}: {said[-1]}"
    if waiting and waiting.get("reason") not in _ORDINARY:
        return f"{waiting.get('reason')}: {waiting.get('message', '')}".rstrip(": ")
    if "running" in state and not status.get("ready"):
        return "it has not ended yet" if init else "it runs and is not ready"
    return None


def _exit(ended: Object, spec: Object) -> str:
    code, reason = ended["exitCode"], ended.get("reason", "exited")
    if reason == "OOMKilled":
        limit = (spec.get("resources") or {}).get("limits", {}).get("memory")
        held = f" of {limit}" if limit else ""
        return f"out of memory: it was killed at its memory limit{held} (OOMKilled)"
    if reason in ("StartError", "ContainerCannotRun"):
        return f"it cannot be started ({reason})"
    return f"it ended with exit code {code} ({reason})"


def _times(restarts: int) -> str:
    return "restarted once" if restarts == 1 else f"restarted {restarts} times"


async def _last_lines(api: Api, pod: Object, container: Object) -> list[str]:
    """The end of the log of the run that went wrong; [] where there was none."""
    state, last = container.get("state") or {}, container.get("lastState") or {}
    if container.get("ready") or (state.get("terminated") or {}).get("exitCode") == 0:
        return []
    now = "running" in state or "terminated" in state
    before = (last.get("terminated") or {}).get("exitCode", 0) != 0
    if not now and not last.get("terminated"):
        return []
    # One that runs again has not come to the line yet on which it will give up.
    previous = "terminated" not in state and (before or not now)
    path = f"{await api.path(pod)}/log"
    try:
        text = await api.text(
            path,
            container=container["name"],
            tailLines=str(_LOG_READ),
            previous="true" if previous else "false",
        )
    except (ApiError, UnreachableError) as error:
        return [f"its log cannot be read: {error}"]
    # What is said again and again differs by its time.
    told = {_timeless(line): line for line in text.splitlines() if line.strip()}
    return [f"{_LOG}{line}" for line in list(told.values())[-_LOG_LINES:]]


async def _events(api: Api, live: Object, pods: Iterable[Object]) -> list[Object]:
    names = {live["metadata"]["name"], *(pod["metadata"]["name"] for pod in pods)}
    target = _in_namespace_of(live, "v1", "Event")
    if "namespace" not in target["metadata"]:
        target["metadata"]["namespace"] = "default"
    events = await api.list(target, fieldSelector="type=Warning", limit="500")
    prefix = f"{live['metadata']['name']}-"
    mine = [
        event
        for event in events
        if event.get("reason") not in _REPEATING
        # The sentence of the image, without the image.
        and not str(event.get("message")).startswith("Error: ")
        and (
            event["involvedObject"].get("name") in names
            # The pods' makers (ReplicaSet, Job) are named after what made them.
            or (
                event["involvedObject"].get("kind") in ("ReplicaSet", "Job")
                and str(event["involvedObject"].get("name")).startswith(prefix)
            )
        )
    ]
    mine.sort(
        key=lambda event: event.get("lastTimestamp") or event["metadata"]["creationTimestamp"]
    )
    return mine


def _new(events: list[Object], told: str) -> list[str]:
    """The last events, each once, without those whose cause was told of the pods."""
    known, found = _timeless(told), {}
    for event in events:
        message = str(event.get("message"))
        cause = message.partition(": ")[2] or message
        if _timeless(cause) not in known:
            about = f"{event['involvedObject'].get('kind')} {event['involvedObject'].get('name')}"
            found[_timeless(message)] = f"event on {about}: {event.get('reason')}: {message}"
    return list(found.values())[-_MAX_EVENTS:]


def _timeless(text: str) -> str:
    return re.sub(r"\d", "", text)


def _in_namespace_of(live: Object, api_version: str, kind: str) -> Object:
    metadata = {key: live["metadata"][key] for key in ("namespace",) if key in live["metadata"]}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}
