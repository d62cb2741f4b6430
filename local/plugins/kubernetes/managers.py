"""Who owns which field of an object (`metadata.managedFields`)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any, Final

from local.plugins.diff import split

Object = dict[str, Any]
#: The manager an object is created by, as with the official plugin.
CREATOR: Final = "pulumi-kubernetes"
#: How the names of managers begin, by operation, whose fields a program that has the object in its
#: state takes over, as the official plugin does: what the plugin itself created, and whatever
#: kubectl wrote (`kubectl-edit`, `kubectl-label`, …). Not what is written by a subresource: how
#: many replicas `kubectl scale` or an autoscaler sets stays theirs.
_TAKEN_OVER: Final = {
    "Update": (CREATOR, "pulumi-resource-kubernetes", "kubectl", "before-first-apply"),
    "Apply": ("kubectl",),
}


def new_manager() -> str:
    """A field manager's name that no other resource has."""
    return f"{CREATOR}-{secrets.token_hex(4)}"


def is_taken_over(live: Object) -> bool:
    """Whether `take_over` has something to give."""
    return any(_is_taken_over(entry) for entry in live["metadata"].get("managedFields") or [])


def has_creator(live: Object) -> bool:
    """Whether fields of `live` still belong to the manager that created it."""
    names = (CREATOR, f"{CREATOR}.exe", "pulumi-resource-kubernetes")
    return any(
        entry.get("manager") in names and entry.get("operation") == "Update"
        for entry in live["metadata"].get("managedFields") or []
    )


def take_over(live: Object, manager: str) -> list[Object]:
    """JSON patch operations that give the creator's fields to server-side apply as `manager`,
    so that applying the same fields is no conflict and leaving one out removes it."""
    entries = live["metadata"].get("managedFields") or []
    kept: list[Object] = []
    mine: Object = {}
    latest: Object | None = None
    for entry in entries:
        own = (entry.get("manager"), entry.get("operation")) == (manager, "Apply")
        if own or _is_taken_over(entry):
            mine = _union(mine, entry.get("fieldsV1") or {})
            latest = entry
        else:
            kept.append(entry)
    if latest is not None:
        kept.append({**latest, "manager": manager, "operation": "Apply", "fieldsV1": mine})
    return [
        {"op": "replace", "path": "/metadata/managedFields", "value": kept},
        {
            "op": "replace",
            "path": "/metadata/resourceVersion",
            "value": live["metadata"]["resourceVersion"],
        },
    ]


def leave_ignored(body: Object, live: Object, manager: str, ignored: Iterable[str]) -> None:
    """Takes ignored fields that others own out of `body`, and sets the rest to what they are.

    An ignored path through a list is left as it is: lists are owned by key, not by index.
    """
    ours, theirs = _owned(live, manager)
    for path in ignored:
        keys = split(path)
        if not keys or not all(isinstance(key, str) for key in keys):
            continue
        names = [str(key) for key in keys]
        if _has(theirs, names) and not _has(ours, names):
            _remove(body, names)
        elif (found := _get(live, names)) is not None:
            _set(body, names, found)


def _is_taken_over(entry: Object) -> bool:
    prefixes = _TAKEN_OVER.get(str(entry.get("operation")), ())
    return str(entry.get("manager")).startswith(prefixes) and not entry.get("subresource")


def _owned(live: Object, manager: str) -> tuple[Object, Object]:
    ours: Object = {}
    theirs: Object = {}
    for entry in live["metadata"].get("managedFields") or []:
        fields = entry.get("fieldsV1") or {}
        if entry.get("manager") == manager or _is_taken_over(entry):
            ours = _union(ours, fields)
        else:
            theirs = _union(theirs, fields)
    return ours, theirs


def _union(left: Object, right: Object) -> Object:
    merged = dict(left)
    for key, value in right.items():
        merged[key] = _union(merged.get(key) or {}, value or {})
    return merged


def _has(fields: Object, names: list[str]) -> bool:
    current: Any = fields
    for name in names:
        if not isinstance(current, dict) or f"f:{name}" not in current:
            return False
        current = current[f"f:{name}"]
    return True


def _get(value: Any, names: list[str]) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _set(value: Object, names: list[str], new: Any) -> None:
    for name in names[:-1]:
        child = value.get(name)
        if not isinstance(child, dict):
            return
        value = child
    value[names[-1]] = new


def _remove(value: Object, names: list[str]) -> None:
    for name in names[:-1]:
        child = value.get(name)
        if not isinstance(child, dict):
            return
        value = child
    value.pop(names[-1], None)
