"""What keeps one container of a pod from being ready."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from why.cluster import AskingError, Cluster, Object

#: Lines of a log that are shown, of so many that are read: lines that repeat are shown once.
_LOG_LINES, _LOG_READ = 5, 40
#: Every pod that starts waits for these reasons: they explain nothing.
_ORDINARY: Final = ("ContainerCreating", "PodInitializing")
#: Reasons for which a container waits; the kubelet's own message follows the sentence.
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
    """Sentences about the containers of `pod` that are not ready, with `logs` each followed by its
    last log lines. `events` are the pod's."""
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
    """`text` without digits: two messages that differ only by their time are the same then."""
    return re.sub(r"\d", "", text)


def _events_of(events: Sequence[Object], container: str) -> list[Object]:
    field = f"{{{container}}}"  # `spec.containers{server}`
    return [each for each in events if str(each["involvedObject"].get("fieldPath")).endswith(field)]


def _sentence(
    status: Object, spec: Object, events: Sequence[Object], *, logged: bool, init: bool
) -> str | None:
    """`logged`: its last log lines follow, so the termination message would repeat them."""
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
    """The registry's answer: between two attempts the container's status has only `Back-off`."""
    failed = [
        str(each.get("message"))
        for each in events
        if each.get("reason") == "Failed" and str(each.get("message")).startswith("Failed to pull")
    ]
    return failed[-1].partition(": ")[2] or failed[-1] if failed else None


def _failed_probe(events: Sequence[Object]) -> str | None:
    """What the last probe met: `Startup probe failed: …`, in one line."""
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
    """The end of the log of the run that went wrong; [] where there was none."""
    state: dict[str, Any] = status.get("state") or {}
    last = (status.get("lastState") or {}).get("terminated")
    if status.get("ready") or (state.get("terminated") or {}).get("exitCode") == 0:
        return []
    now = "running" in state or "terminated" in state
    if not now and not last:
        return []
    # A new run has not reached the line yet on which it will give up.
    failed_before = (last or {}).get("exitCode", 0) != 0
    previous = "terminated" not in state and (failed_before or not now)
    try:
        text = cluster.log(pod, status["name"], lines=_LOG_READ, previous=previous)
    except AskingError as error:
        return [f"its log cannot be read: {error}"]
    different = {timeless(line): line for line in text.splitlines() if line.strip()}
    return [f"{LOG}{line}" for line in list(different.values())[-_LOG_LINES:]]
