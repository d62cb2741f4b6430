"""Why a container of a pod is not ready."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from why.cluster import AskingError, Cluster, Object

#: Lines of a log that are shown and that are read. Repeated lines are shown once.
_LOG_LINES, _LOG_READ = 5, 40
#: Reasons for which every starting pod waits, and which explain nothing.
_ORDINARY: Final = ("ContainerCreating", "PodInitializing")
#: Sentences for the reasons of a waiting container. The kubelet's own message follows each.
_WAITING: Final = {
    "ErrImagePull": "its image {image} cannot be pulled",
    "ImagePullBackOff": "its image {image} cannot be pulled",
    "ErrImageNeverPull": "its image {image} is not on the node, and its pull policy is Never",
    "InvalidImageName": "its image {image} is not a valid image name",
    "CreateContainerConfigError": "a ConfigMap or Secret that it refers to is missing",
    "RunContainerError": "it cannot be started",
}
LOG: Final = "its log: "


def container_reasons(
    cluster: Cluster, pod: Object, events: Sequence[Object], *, logs: bool = True
) -> list[str]:
    """Sentences about the containers of `pod` that are not ready. With `logs`, each is followed by the
    container's last log lines. `events` are those of the pod."""
    found = []
    for kind, title in (("initContainer", "init container"), ("container", "container")):
        specs = {each["name"]: each for each in pod["spec"].get(f"{kind}s") or []}
        for status in (pod.get("status") or {}).get(f"{kind}Statuses") or []:
            name = status["name"]
            spec = specs.get(name, {})
            own = _events_of(events, name)
            lines = _last_lines(cluster, pod, status) if logs else []
            logged = any(line.startswith(LOG) for line in lines)
            words = _sentence(status, spec, own, logged=logged, init=kind == "initContainer")
            if words:
                where = f"pod {pod['metadata']['name']}, {title} {name}"
                found += [f"{where}: {words}", *lines]
    return found


def timeless(text: str) -> str:
    """`text` without digits. Two messages that differ only in their time become equal."""
    return re.sub(r"\d", "", text)


def _events_of(events: Sequence[Object], container: str) -> list[Object]:
    field = f"{{{container}}}"  # `spec.containers{server}`
    return [each for each in events if str(each["involvedObject"].get("fieldPath")).endswith(field)]


def _sentence(
    status: Object, spec: Object, events: Sequence[Object], *, logged: bool, init: bool
) -> str | None:
    """Why a container is not ready, or None. With `logged` its last log lines follow, and the
    termination message, which would repeat them, is left out."""
    state = status.get("state") or {}
    waiting, restarts = state.get("waiting"), status.get("restartCount", 0)
    ended = state.get("terminated") or (status.get("lastState") or {}).get("terminated")
    if waiting and (sentence := _WAITING.get(waiting.get("reason"))):
        image = status.get("image") or spec.get("image")
        words = f"{sentence.format(image=image)} ({waiting['reason']})"
        message = _pull_error(events) or waiting.get("message")
        return f"{words}: {message}" if message else words
    if ended and ended.get("exitCode") and not status.get("ready"):
        words = f"{_exit(ended, spec)}, {_times(restarts)}"
        if "running" in state:
            words = f"it runs again and is not ready; before, {words}"
        message = str(ended.get("message") or "").strip().splitlines()
        return words if logged or not message else f"{words}: {message[-1]}"
    if waiting and waiting.get("reason") not in _ORDINARY:
        return f"{waiting.get('reason')}: {waiting.get('message', '')}".rstrip(": ")
    if waiting and _is_being_pulled(events):
        return f"its image {spec.get('image')} is being pulled"
    if "running" in state and not status.get("ready"):
        probe = _failed_probe(events)
        running = "it has not ended yet" if init else "it runs and is not ready"
        return f"{running}: {probe}" if probe else running
    return None


def _pull_error(events: Sequence[Object]) -> str | None:
    """The registry's answer, from the events: between two attempts the container's status has only
    `Back-off`."""
    failed = [
        str(each.get("message"))
        for each in events
        if each.get("reason") == "Failed" and str(each.get("message")).startswith("Failed to pull")
    ]
    return failed[-1].partition(": ")[2] or failed[-1] if failed else None


def _failed_probe(events: Sequence[Object]) -> str | None:
    """The result of the last failed probe in one line, such as `Startup probe failed: …`."""
    failed = [str(each.get("message")) for each in events if each.get("reason") == "Unhealthy"]
    return " ".join(failed[-1].split()) if failed else None


def _is_being_pulled(events: Sequence[Object]) -> bool:
    reasons = [each.get("reason") for each in events]
    return "Pulling" in reasons and "Pulled" not in reasons


def _exit(ended: Object, spec: Object) -> str:
    code, reason = ended["exitCode"], ended.get("reason", "exited")
    if reason == "OOMKilled":
        limit = (spec.get("resources") or {}).get("limits", {}).get("memory")
        amount = f" of {limit}" if limit else ""
        return f"out of memory: it was killed at its memory limit{amount} (OOMKilled)"
    if reason in ("StartError", "ContainerCannotRun"):
        return f"it cannot be started ({reason})"
    return f"it ended with exit code {code} ({reason})"


def _times(restarts: int) -> str:
    return "restarted once" if restarts == 1 else f"restarted {restarts} times"


def _last_lines(cluster: Cluster, pod: Object, status: Object) -> list[str]:
    """The last log lines of the run that failed. [] if none did."""
    state: dict[str, Any] = status.get("state") or {}
    last = (status.get("lastState") or {}).get("terminated")
    if status.get("ready") or (state.get("terminated") or {}).get("exitCode") == 0:
        return []
    has_run = "running" in state or "terminated" in state
    if not has_run and not last:
        return []
    # A new run may not yet have logged the reason for which it will fail.
    failed_before = (last or {}).get("exitCode", 0) != 0
    previous = "terminated" not in state and (failed_before or not has_run)
    try:
        text = cluster.log(pod, status["name"], lines=_LOG_READ, previous=previous)
    except AskingError as error:
        return [f"its log cannot be read: {error}"]
    distinct = {timeless(line): line for line in text.splitlines() if line.strip()}
    return [f"{LOG}{line}" for line in list(distinct.values())[-_LOG_LINES:]]
