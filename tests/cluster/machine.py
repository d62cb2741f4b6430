"""The state of the machine that a cluster could leave changed."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path

BASE = Path("/var/lib/slipway")
#: Seconds after which a difference counts as lasting.
SETTLE = 10.0
#: A bit of a process's flags (proc_pid_stat(5)), from Linux's include/linux/sched.h.
_PF_EXITING = 0x4


@dataclass(frozen=True)
class Machine:
    """The state of the machine. Two are equal if a cluster has left nothing behind."""

    processes: frozenset[str]
    mounts: frozenset[str]
    links: frozenset[str]
    namespaces: frozenset[str]
    cgroups: frozenset[str]
    directories: frozenset[str]
    settings: tuple[str, ...]


def picture(cluster: str, checkout: Path) -> Machine:
    """The present state, with the processes that run in `checkout`, and without clusters other than
    `cluster`, which start and stop independently."""
    groups = _cgroups()
    clusters = {path.name for path in BASE.glob("*")}
    clusters |= {
        match.group(1) for path in groups if (match := re.search(r"/slipway-([^/]+)", path))
    }
    others = clusters - {cluster}

    def without_others(lines: list[str]) -> frozenset[str]:
        return frozenset(line for line in lines if not any(other in line for other in others))

    return Machine(
        processes=without_others(_processes(checkout)),
        mounts=without_others(Path("/proc/self/mounts").read_text().splitlines()),
        links=without_others(_links()),
        namespaces=without_others(_namespaces()),
        cgroups=without_others(groups),
        directories=without_others([str(path) for path in BASE.glob("*")]),
        settings=tuple(
            Path("/proc/sys", key).read_text().strip()
            for key in ("vm/overcommit_memory", "kernel/panic", "kernel/panic_on_oops")
        ),
    )


def settled_picture(cluster: str, checkout: Path) -> Machine:
    """A state that lasts for a second: another cluster that is starting has resources which do not
    have its name yet."""
    deadline = time.monotonic() + 3 * SETTLE
    last = picture(cluster, checkout)
    while time.monotonic() < deadline:
        time.sleep(1)
        now = picture(cluster, checkout)
        if now == last:
            return now
        last = now
    raise AssertionError(f"the machine does not come to rest: {last}")


def leftovers(before: Machine, cluster: str, checkout: Path) -> dict[str, tuple[object, object]]:
    """The lasting differences from `before`; empty if the cluster left nothing.

    Compares again until `SETTLE`, since resources of another cluster that is starting do not have
    its name yet. Processes and namespaces of `before` that have ended do not count.
    """
    deadline = time.monotonic() + SETTLE
    while True:
        after = picture(cluster, checkout)
        remaining = replace(
            before,
            processes=before.processes & after.processes,
            namespaces=before.namespaces & after.namespaces,
        )
        if after == remaining or time.monotonic() > deadline:
            names = [part.name for part in fields(Machine)]
            pairs = {name: (getattr(remaining, name), getattr(after, name)) for name in names}
            return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
        time.sleep(0.2)


def _cgroups() -> list[str]:
    """All clusters' cgroups and those below them, in all mounted hierarchies of both versions. A
    cluster's cgroup is at the top of each."""
    groups: list[str] = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        mount, kind = line.split(" ")[4], line.partition(" - ")[2].split(" ")[0]
        if kind in ("cgroup", "cgroup2"):
            for top in Path(mount).glob("slipway-*"):
                # `os.walk` skips cgroups of another cluster that are removed meanwhile.
                groups += [path for path, _, _ in os.walk(top)]
    return groups


def _links() -> list[str]:
    done = subprocess.run(["ip", "-json", "link"], capture_output=True, check=True)
    links = json.loads(done.stdout)
    return [f"{link['ifname']} {link.get('ifalias', '')}" for link in links]


def _namespaces() -> list[str]:
    """The network, mount, PID and IPC namespaces of all processes, with their cluster's name."""
    namespaces = []
    for directory in _living():
        for kind in ("net", "mnt", "pid", "ipc"):
            with contextlib.suppress(OSError):
                namespace = str((directory / "ns" / kind).readlink())
                if namespace != str(Path("/proc/self/ns", kind).readlink()):
                    namespaces.append(f"{namespace} {_cluster(directory)}")
    return namespaces


def _living() -> Iterator[Path]:
    """The directories in /proc of processes that are not ending. A zombie only has to be reaped by
    its parent. The first process of a PID namespace that ends has left its cgroup, and waits for
    the other processes of the namespace."""
    for directory in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, *numbers = (directory / "stat").read_text().rpartition(")")[2].split()
            if state != "Z" and not int(numbers[5]) & _PF_EXITING:
                yield directory


def _cluster(process: Path) -> str:
    match = re.search(r"/(slipway-[^/\n]+)", (process / "cgroup").read_text())
    return match.group(1) if match else ""


def _processes(checkout: Path) -> list[str]:
    """`pid name cluster` of every process of a cluster, or of a command that runs in `checkout`."""
    rows = []
    for directory in _living():
        with contextlib.suppress(OSError):
            name, cluster = (directory / "comm").read_text().strip(), _cluster(directory)
            words = (directory / "cmdline").read_bytes().decode(errors="replace")
            if cluster or str(checkout) in words + str((directory / "cwd").readlink()):
                rows.append(f"{directory.name} {name} {cluster}")
    return rows
