"""Whether an object is ready, by what it says itself."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from local.plugins.kubernetes.annotations import WAIT_FOR, annotation
from local.plugins.kubernetes.kinds import group_of

Object = dict[str, Any]


class Failed(Exception):
    """The object will not become ready any more, however long one waits."""


def missing(live: Object) -> str | None:
    """What `live` still lacks to be ready, in words; None when it is ready.

    Raises Failed when it cannot become ready, ValueError for a `pulumi.com/waitFor` annotation
    that cannot be read.
    """
    if written := annotation(live, WAIT_FOR):
        return _waited_for(live, written)
    check = _CHECKS.get((group_of(live["apiVersion"]), live["kind"]))
    return check(live) if check else None


def is_awaited(live: Object) -> bool:
    """Whether `missing` knows anything to ask of this kind."""
    key = (group_of(live["apiVersion"]), live["kind"])
    return key in _CHECKS or annotation(live, WAIT_FOR) is not None


def condition(live: Object, name: str) -> Object:
    """The status condition `name`; {} when it is not there."""
    for entry in (live.get("status") or {}).get("conditions") or []:
        if entry.get("type") == name:
            return dict(entry)
    return {}


def _observed(live: Object) -> bool:
    generation = live["metadata"].get("generation", 0)
    return bool((live.get("status") or {}).get("observedGeneration", 0) >= generation)


def _deployment(live: Object) -> str | None:
    status, wanted = live.get("status") or {}, live["spec"].get("replicas", 1)
    if not _observed(live):
        return "the deployment controller has not seen it yet"
    progressing = condition(live, "Progressing")
    updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    total = status.get("replicas", 0)
    if updated >= wanted and available >= updated and total == updated:
        return None
    old = total - updated
    words = f"{max(available - old, 0)} of {wanted} new pods available"
    if old > 0:
        words += f", {old} of the version before still there, {min(available, old)} available"
    for entry in (condition(live, "ReplicaFailure"), progressing):
        if entry.get("reason") in ("ProgressDeadlineExceeded", "FailedCreate"):
            words += f"; {entry['reason']}: {entry.get('message', '')}"
    return words


def deadline_passed(live: Object) -> Object:
    """The condition by which a Deployment says that its roll-out has taken too long; {} where it
    does not."""
    progressing = condition(live, "Progressing")
    return progressing if progressing.get("reason") == "ProgressDeadlineExceeded" else {}


def _stateful_set(live: Object) -> str | None:
    status, wanted = live.get("status") or {}, live["spec"].get("replicas", 1)
    if not _observed(live):
        return "the StatefulSet controller has not seen it yet"
    ready = status.get("readyReplicas", 0)
    strategy = (live["spec"].get("updateStrategy") or {}).get("type")
    updated = status.get("updatedReplicas", 0) if strategy == "RollingUpdate" else wanted
    partition = (
        (live["spec"].get("updateStrategy") or {}).get("rollingUpdate", {}).get("partition", 0)
    )
    if ready >= wanted and updated >= wanted - partition:
        return None
    return f"{ready} of {wanted} replicas ready, {updated} updated"


def _daemon_set(live: Object) -> str | None:
    status = live.get("status") or {}
    if not _observed(live):
        return "the DaemonSet controller has not seen it yet"
    wanted, ready = status.get("desiredNumberScheduled", 0), status.get("numberReady", 0)
    strategy = (live["spec"].get("updateStrategy") or {}).get("type")
    updated = status.get("updatedNumberScheduled", 0) if strategy != "OnDelete" else wanted
    if ready >= wanted and updated >= wanted:
        return None
    return f"{ready} of {wanted} pods ready, {updated} updated"


def _job(live: Object) -> str | None:
    failed = condition(live, "Failed")
    if failed.get("status") == "True":
        raise Failed(f"{failed.get('reason')}: {failed.get('message')}")
    if condition(live, "Complete").get("status") == "True" or live["spec"].get("suspend"):
        return None
    status = live.get("status") or {}
    return (
        f"{status.get('succeeded', 0)} of {live['spec'].get('completions', 1)} completed, "
        f"{status.get('active', 0)} active, {status.get('failed', 0)} failed"
    )


def _pod(live: Object) -> str | None:
    status = live.get("status") or {}
    if status.get("phase") == "Succeeded" or condition(live, "Ready").get("status") == "True":
        return None
    if status.get("phase") == "Failed":
        raise Failed(f"the pod failed: {status.get('reason', '')} {status.get('message', '')}")
    return f"phase {status.get('phase', 'unknown')}"


def _replication_controller(live: Object) -> str | None:
    wanted = live["spec"].get("replicas", 1)
    available = (live.get("status") or {}).get("availableReplicas", 0)
    return None if available >= wanted else f"{available} of {wanted} replicas available"


def _ingress(live: Object) -> str | None:
    if ((live.get("status") or {}).get("loadBalancer") or {}).get("ingress"):
        return None
    wanted = live["spec"].get("ingressClassName")
    return (
        "no address in .status.loadBalancer: is there a controller for ingress class "
        f"{wanted!r} that publishes its address?"
    )


def _volume(live: Object) -> str | None:
    phase = (live.get("status") or {}).get("phase")
    return None if phase in ("Available", "Bound") else f"phase {phase}"


def _namespace(live: Object) -> str | None:
    phase = (live.get("status") or {}).get("phase")
    return None if phase == "Active" else f"phase {phase}"


def _definition(live: Object) -> str | None:
    rejected = condition(live, "NamesAccepted")
    if rejected.get("status") == "False":
        raise Failed(f"{rejected.get('reason')}: {rejected.get('message')}")
    return None if condition(live, "Established").get("status") == "True" else "not established"


def _secret(live: Object) -> str | None:
    if live.get("type") == "kubernetes.io/service-account-token" and not live.get("data"):
        return "the token has not been written yet"
    return None


_CHECKS: dict[tuple[str, str], Callable[[Object], str | None]] = {
    ("", "Namespace"): _namespace,
    ("", "PersistentVolume"): _volume,
    ("", "Pod"): _pod,
    ("", "ReplicationController"): _replication_controller,
    ("", "Secret"): _secret,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
    ("apps", "DaemonSet"): _daemon_set,
    ("apps", "Deployment"): _deployment,
    ("apps", "StatefulSet"): _stateful_set,
    ("batch", "Job"): _job,
    ("networking.k8s.io", "Ingress"): _ingress,
}


def _waited_for(live: Object, written: str) -> str | None:
    """`condition=Ready`, `condition=Ready=False`, `jsonpath={.status.phase}=Running`, or a JSON
    list of such, all of which must hold."""
    expressions = json.loads(written) if written.lstrip().startswith("[") else [written]
    for expression in expressions:
        kind, _, rest = str(expression).partition("=")
        if kind == "condition":
            name, _, wanted = rest.partition("=")
            found = condition(live, name)
            if found.get("status", "").lower() != (wanted or "True").lower():
                said = f"{found.get('reason', '')} {found.get('message', '')}".strip()
                return f"condition {name} is {found.get('status', 'absent')} {said}".strip()
        elif match := re.fullmatch(r"jsonpath=\{?\.?([\w.\-]+)\}?(?:=(.*))?", str(expression)):
            value: Any = live
            for key in match[1].split("."):
                value = value.get(key) if isinstance(value, dict) else None
            if value is None or (match[2] is not None and str(value) != match[2]):
                return f"{match[1]} is {value!r}, waiting for {match[2] or 'a value'}"
        else:
            raise ValueError(
                f"annotation {WAIT_FOR}: {expression!r} cannot be read: expected "
                "`condition=<Type>[=<Status>]` or `jsonpath={.path.of.keys}[=<value>]`"
            )
    return None
