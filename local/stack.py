"""The dev stack in the engine: select, run, recover from a killed run, remove the state."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local import orphans
from local.environment import variables
from local.errors import LocalError
from local.paths import STACK, Clone
from local.progress import say

#: Seconds for the engine to delete all objects, or to refresh them.
TIMEOUT = 240.0


class StackError(LocalError):
    """A command of the engine failed; its output is printed above."""


def pulumi(
    clone: Clone, environment: Mapping[str, str], *arguments: str, timeout: float | None = None
) -> None:
    """Run the engine; its progress goes to stderr. `timeout` in seconds.

    The kernel kills it when this process ends for any reason, so that two engines never work on
    one stack.
    """
    command = f"pulumi {arguments[0]}"
    try:
        done = subprocess.run(
            ["setpriv", "--pdeathsig", "KILL", _program(environment), *arguments],
            cwd=clone.root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=2,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise StackError(f"`{command}` took more than {timeout:.0f} s") from late
    if done.returncode:
        raise StackError(f"`{command}` failed ({done.returncode})")


def _program(environment: Mapping[str, str]) -> str:
    return shutil.which("pulumi", path=environment["PATH"]) or "pulumi"


def outputs(clone: Clone, *arguments: str) -> str:
    """The stack's outputs as JSON, without secret ones."""
    environment = {**os.environ, **variables(clone)}
    command = [
        _program(environment),
        "stack",
        "output",
        "--json",
        *(arguments or ("--stack", STACK)),
    ]
    done = subprocess.run(
        command, cwd=clone.root, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise StackError(f"the stack has no outputs to show: {done.stderr.strip()}")
    every = json.loads(done.stdout)
    public = {key: value for key, value in every.items() if value != "[secret]"}
    return json.dumps(public, indent=2)


def select(clone: Clone, environment: Mapping[str, str]) -> None:
    """Select the stack, creating it if it does not exist; first recovers from a killed engine."""
    clone.backend.mkdir(parents=True, exist_ok=True)
    recover(clone, environment)
    pulumi(clone, environment, "stack", "select", "--create", "--stack", STACK)


def exists(clone: Clone) -> bool:
    return any((clone.backend / ".pulumi" / "stacks").rglob(f"{STACK}.json"))


def broken(clone: Clone) -> bool:
    """Whether the state is unreadable, since the engine was killed while it wrote it."""
    for path in (clone.backend / ".pulumi" / "stacks").rglob(f"{STACK}.json"):
        try:
            json.loads(path.read_text())
        except ValueError:
            return True
    return False


def forget(clone: Clone) -> None:
    """Remove the stack's state, and end plugins that outlived their engine. The stack's objects go
    with the cluster.

    `pulumi stack rm` is no alternative: it refuses a state that it cannot read.
    """
    _clear_lock(clone)
    orphans.end(clone.pulumi_home)
    for path in (clone.backend / ".pulumi" / "stacks").rglob(f"{STACK}.json*"):
        path.unlink()


def recover(clone: Clone, environment: Mapping[str, str]) -> None:
    """Remove what a killed engine left: its lock, its plugins, and the objects that it was
    creating.

    Such an object may exist on the cluster and not in the state. No other stack uses this cluster,
    so the object is deleted, and the next `up` creates it again.
    """
    _clear_lock(clone)
    orphans.end(clone.pulumi_home)
    pending = _pending_operations(clone)
    if not pending:
        return
    say(f"  the last run was killed in {len(pending)} operations: what it had begun is made anew")
    if objects := [each for operation in pending if (each := _object_being_created(operation))]:
        manifest = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        done = subprocess.run(
            ["kubectl", "delete", "--ignore-not-found", "--timeout=120s", "-f", "-"],
            env=environment,
            input=manifest,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise StackError(f"what a killed run left cannot be deleted: {done.stderr.strip()}")
    clear = ("refresh", "--yes", "--skip-preview", "--clear-pending-creates", "--stack", STACK)
    pulumi(clone, environment, *clear, timeout=TIMEOUT)


def _pending_operations(clone: Clone) -> list[dict[str, Any]]:
    """The state's pending operations: the engine began them and recorded no result."""
    operations: list[dict[str, Any]] = []
    for path in (clone.backend / ".pulumi" / "stacks").rglob(f"{STACK}.json"):
        latest = json.loads(path.read_text())["checkpoint"]["latest"] or {}
        operations += latest.get("pending_operations") or []
    return operations


def _object_being_created(operation: Mapping[str, Any]) -> dict[str, Any] | None:
    """The Kubernetes object that `operation` was creating, None for any other operation."""
    inputs = operation["resource"].get("inputs", {})
    if operation["type"] != "creating" or not {"kind", "metadata"} <= inputs.keys():
        return None
    if not inputs["metadata"].get("name"):  # the API server chose the name: it is unknown here
        return None
    metadata = {key: inputs["metadata"].get(key) for key in ("name", "namespace")}
    return {
        "apiVersion": inputs["apiVersion"],
        "kind": inputs["kind"],
        "metadata": {key: value for key, value in metadata.items() if value},
    }


def _clear_lock(clone: Clone) -> None:
    """Remove the lock of a killed engine. Raises `StackError` if its engine still runs."""
    for lock in (clone.backend / ".pulumi" / "locks").rglob(f"{STACK}/*.json"):
        try:
            holder = int(json.loads(lock.read_text())["pid"])
        except (ValueError, KeyError, FileNotFoundError):
            holder = 0
        command = Path(f"/proc/{holder}/cmdline")
        if holder and command.exists() and b"pulumi" in command.read_bytes():
            raise StackError(f"process {holder} is at work on the stack: wait for it, or end it")
        lock.unlink(missing_ok=True)
