"""The cluster's own cgroup, in every hierarchy of the machine."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from local.errors import LocalError

ROOT = Path("/sys/fs/cgroup")

#: Seconds for a process to end after SIGKILL.
KILL_WAIT = 20.0


class CgroupError(LocalError):
    """The machine's cgroups cannot be used; the message says what was found."""


def is_v2() -> bool:
    """Whether the machine has only cgroup version 2."""
    return (ROOT / "cgroup.controllers").exists()


def hierarchies() -> list[Path]:
    """The mount points of all hierarchies: of version 1's controllers, of version 2, or of both."""
    mounts = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, right = line.split(" - ", 1)
        if right.split(" ", 1)[0] in ("cgroup", "cgroup2"):
            mounts.append(Path(left.split(" ")[4]))
    if not mounts:
        raise CgroupError(f"no cgroup hierarchy is mounted below {ROOT}: containers need one")
    return mounts


def name_of(cluster: str) -> str:
    return f"slipway-{cluster}"


def create(cluster: str) -> list[Path]:
    """Create the cluster's cgroup in every hierarchy. Returns the `cgroup.procs` files to which a
    process writes its id to join it."""
    procs = []
    for mount in hierarchies():
        group = mount / name_of(cluster)
        group.mkdir(exist_ok=True)
        for setting in ("cpuset.cpus", "cpuset.mems"):
            if (mount / setting).exists() and not (group / setting).read_text().strip():
                (group / setting).write_text((mount / setting).read_text())
        if is_v2():
            group = _leaf(mount, group)
        procs.append(group / "cgroup.procs")
    return procs


def _leaf(mount: Path, group: Path) -> Path:
    """Create the leaf `system` in the version 2 cgroup `group`, and delegate all controllers to it.
    Version 2 allows processes only in leaves; the kubelet creates its own beside this one."""
    controllers = (mount / "cgroup.controllers").read_text().split()
    for parent in (mount, group):
        missing = set(controllers) - set((parent / "cgroup.subtree_control").read_text().split())
        if not missing:
            continue
        wanted = " ".join(f"+{controller}" for controller in sorted(missing))
        try:
            (parent / "cgroup.subtree_control").write_text(wanted)
        except OSError as error:
            raise CgroupError(
                f"{parent}/cgroup.subtree_control cannot be set to `{wanted}` ({error}): in a "
                "container, give it a cgroup namespace of its own whose root holds no process"
            ) from error
    leaf = group / "system"
    leaf.mkdir(exist_ok=True)
    return leaf


def processes(cluster: str) -> set[int]:
    """The processes in the cluster's cgroup, anywhere below it."""
    pids: set[int] = set()
    for mount in hierarchies():
        for group in _below(mount / name_of(cluster)):
            with contextlib.suppress(OSError):
                procs = (group / "cgroup.procs").read_text()
                pids |= {int(line) for line in procs.split()}
    return pids - {0}  # 0 stands for a process of another PID namespace


def destroy(cluster: str) -> None:
    """Kill every process in the cluster's cgroup and remove it from all hierarchies."""
    deadline = time.monotonic() + KILL_WAIT
    killed: set[int] = set()
    while alive := processes(cluster) | {pid for pid in killed if _lives(pid)}:
        if time.monotonic() > deadline:
            raise CgroupError(
                f"{len(alive)} processes of {cluster} outlive SIGKILL: {sorted(alive)}"
            )
        for pid in alive - killed:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        killed |= alive
        time.sleep(0.02)
    for mount in hierarchies():
        for group in sorted(_below(mount / name_of(cluster)), reverse=True):
            _remove(group, deadline)


def _below(group: Path) -> list[Path]:
    """`group` and all cgroups below it. Skips those that are removed meanwhile."""
    return [Path(path) for path, _, _ in os.walk(group)]


def _lives(pid: int) -> bool:
    """Whether a process holds resources. A zombie does not: only its parent has to reap it."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] not in "ZX"


def _remove(group: Path, deadline: float) -> None:
    while True:
        try:
            group.rmdir()
        except FileNotFoundError:
            return
        except OSError as error:  # the cgroup is busy for a moment after its last process ended
            if time.monotonic() > deadline:
                raise CgroupError(f"{group} cannot be removed: {error}") from error
            time.sleep(0.02)
