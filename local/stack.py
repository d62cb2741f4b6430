"""The dev stack as the engine sees it: select, run, recover after a kill, forget."""

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

#: Seconds for the engine to take objects away, or to look at all of them.
TIMEOUT = 240.0


class StackError(LocalError):
    """The engine did not do what was asked; what it printed stands above."""


def pulumi(
    clone: Clone, environment: Mapping[str, str], *arguments: str, timeout: float | None = None
) -> None:
    """Run the engine; its progress goes to stderr. `timeout` in seconds.

    It ends with this process, however that ends: two engines never work on one stack.
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
    """The stack's outputs as JSON, without those that are secret."""
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
    found = json.loads(done.stdout)
    shown = {key: value for key, value in found.items() if value != "[secret]"}
    return json.dumps(shown, indent=2)


def select(clone: Clone, environment: Mapping[str, str]) -> None:
    """Make the stack where there is none, and put right what a killed engine left."""
    clone.backend.mkdir(parents=True, exist_ok=True)
    recover(clone, environment)
    pulumi(clone, environment, "stack", "select", "--create", "--stack", STACK)


def exists(clone: Clone) -> bool:
    return any((clone.backend / ".pulumi" / "stacks").rglob(f"{STACK}.json"))


def broken(clone: Clone) -> bool:
    """Whether the engine was killed while it wrote the state, which nobody can read since."""
    for path in (clone.backend / ".pulumi" / "stacks").rglob(f"{STACK}.json"):
        try:
            json.loads(path.read_text())
        except ValueError:
            return True
    return False


def forget(clone: Clone) -> None:
    """Remove the stack's state, and plugins that go on without an engine; the stack's objects are
    left to whoever removes the cluster.

    Not by `pulumi stack rm`, which refuses a state that it cannot read.
    """
    _clear_lock(clone)
    orphans.end(clone.pulumi_home)
    for path in (clone.backend / ".pulumi" / "stacks").rglob(f"{STACK}.json*"):
        path.unlink()


def recover(clone: Clone, environment: Mapping[str, str]) -> None:
    """Put right what a killed engine left: its lock, its plugins, and objects that it was just
    creating.

    Such an object may exist on the cluster and not in the state. Nobody else writes to this
    cluster, so it is deleted, to be made anew.
    """
    _clear_lock(clone)
    orphans.end(clone.pulumi_home)
    pending = _pending_operations(clone)
    if not pending:
        return
    say(f"  the last run was killed in {len(pending)} operations: what it had begun is made anew")
    if begun := [found for operation in pending if (found := _begun_object(operation))]:
        listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": begun})
        done = subprocess.run(
            ["kubectl", "delete", "--ignore-not-found", "--timeout=120s", "-f", "-"],
            env=environment,
            input=listed,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise StackError(f"what a killed run left cannot be deleted: {done.stderr.strip()}")
    clear = ("refresh", "--yes", "--skip-preview", "--clear-pending-creates", "--stack", STACK)
    pulumi(clone, environment, *clear, timeout=TIMEOUT)


def _pending_operations(clone: Clone) -> list[dict[str, Any]]:
    """The operations that the engine began and did not see end."""
    found: list[dict[str, Any]] = []
    for path in (clone.backend / ".pulumi" / "stacks").rglob(f"{STACK}.json"):
        latest = json.loads(path.read_text())["checkpoint"]["latest"] or {}
        found += latest.get("pending_operations") or []
    return found


def _begun_object(operation: Mapping[str, Any]) -> dict[str, Any] | None:
    """The Kubernetes object that `operation` was creating, None where it was not."""
    inputs = operation["resource"].get("inputs", {})
    if operation["type"] != "creating" or not {"kind", "metadata"} <= inputs.keys():
        return None
    if not inputs["metadata"].get("name"):  # the API server chose it, so nobody here knows it
        return None
    named = {key: inputs["metadata"].get(key) for key in ("name", "namespace")}
    return {
        "apiVersion": inputs["apiVersion"],
        "kind": inputs["kind"],
        "metadata": {key: value for key, value in named.items() if value},
    }


def _clear_lock(clone: Clone) -> None:
    """Take away the lock of an engine that was killed; one that runs keeps its lock."""
    for lock in (clone.backend / ".pulumi" / "locks").rglob(f"{STACK}/*.json"):
        try:
            holder = int(json.loads(lock.read_text())["pid"])
        except (ValueError, KeyError, FileNotFoundError):
            holder = 0
        command = Path(f"/proc/{holder}/cmdline")
        if holder and command.exists() and b"pulumi" in command.read_bytes():
            raise StackError(f"process {holder} is at work on the stack: wait for it, or end it")
        lock.unlink(missing_ok=True)
