"""What of the machine a cluster could leave changed."""

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
#: Seconds that a difference has to last.
SETTLE = 10.0
#: In a process' flags (proc_pid_stat(5)); Linux' include/linux/sched.h.
_PF_EXITING = 0x4


@dataclass(frozen=True)
class Machine:
    """A picture of the machine; two are equal when nothing that can be left behind differs."""

    processes: frozenset[str]
    mounts: frozenset[str]
    links: frozenset[str]
    namespaces: frozenset[str]
    cgroups: frozenset[str]
    directories: frozenset[str]
    settings: tuple[str, ...]


def picture(cluster: str, checkout: Path) -> Machine:
    """The machine as it is now, other clusters than `cluster` left out, since they come and go by
    themselves, and with every process that works in `checkout`."""
    groups = _cgroups()
    seen = {path.name for path in BASE.glob("*")}
    seen |= {match.group(1) for path in groups if (match := re.search(r"/slipway-([^/]+)", path))}
    others = seen - {cluster}

    def kept(lines: list[str]) -> frozenset[str]:
        return frozenset(line for line in lines if not any(other in line for other in others))

    return Machine(
        processes=kept(_processes(checkout)),
        mounts=kept(Path("/proc/self/mounts").read_text().splitlines()),
        links=kept(_links()),
        namespaces=kept(_namespaces()),
        cgroups=kept(groups),
        directories=kept([str(path) for path in BASE.glob("*")]),
        settings=tuple(
            Path("/proc/sys", key).read_text().strip()
            for key in ("vm/overcommit_memory", "kernel/panic", "kernel/panic_on_oops")
        ),
    )


def settled_picture(cluster: str, checkout: Path) -> Machine:
    """A picture that holds for a second: another cluster that is just being started shows for a
    moment what does not bear its name yet."""
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
    """What differs from `before` and goes on to: what another cluster's start shows for a moment
    before it bears that cluster's name is looked at again, and processes and namespaces that it
    showed before and that are gone do not count. Empty where nothing was left."""
    deadline = time.monotonic() + SETTLE
    while True:
        after = picture(cluster, checkout)
        gone_too = replace(
            before,
            processes=before.processes & after.processes,
            namespaces=before.namespaces & after.namespaces,
        )
        if after == gone_too or time.monotonic() > deadline:
            names = [part.name for part in fields(Machine)]
            pairs = {name: (getattr(gone_too, name), getattr(after, name)) for name in names}
            return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
        time.sleep(0.2)


def _cgroups() -> list[str]:
    """Everything below a cluster's cgroup, in the hierarchies of both versions, wherever they are
    mounted; a cluster's own stands at the top of each."""
    found: list[str] = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        mount, kind = line.split(" ")[4], line.partition(" - ")[2].split(" ")[0]
        if kind in ("cgroup", "cgroup2"):
            for top in Path(mount).glob("slipway-*"):
                # Those of another cluster may go in the meantime, which `os.walk` passes over.
                found += [path for path, _, _ in os.walk(top)]
    return found


def _links() -> list[str]:
    shown = subprocess.run(["ip", "-json", "link"], capture_output=True, check=True)
    links = json.loads(shown.stdout)
    return [f"{link['ifname']} {link.get('ifalias', '')}" for link in links]


def _namespaces() -> list[str]:
    """The network, mount, PID and IPC namespaces of all processes, with the cluster's name."""
    found = []
    for directory in _living():
        for kind in ("net", "mnt", "pid", "ipc"):
            with contextlib.suppress(OSError):
                namespace = str((directory / "ns" / kind).readlink())
                if namespace != str(Path("/proc/self/ns", kind).readlink()):
                    found.append(f"{namespace} {_cluster(directory)}")
    return found


def _living() -> Iterator[Path]:
    """The processes that are not ending: a zombie waits only to be looked at by its parent, and the
    first process of a namespace only for the others in it, in no cluster's cgroup any more."""
    for directory in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, *numbers = (directory / "stat").read_text().rpartition(")")[2].split()
            if state != "Z" and not int(numbers[5]) & _PF_EXITING:
                yield directory


def _cluster(process: Path) -> str:
    match = re.search(r"/(slipway-[^/\n]+)", (process / "cgroup").read_text())
    return match.group(1) if match else ""


def _processes(checkout: Path) -> list[str]:
    """`pid name cluster` of every process of a cluster or of a command run in `checkout`."""
    found = []
    for directory in _living():
        with contextlib.suppress(OSError):
            name, cluster = (directory / "comm").read_text().strip(), _cluster(directory)
            words = (directory / "cmdline").read_bytes().decode(errors="replace")
            if cluster or str(checkout) in words + str((directory / "cwd").readlink()):
                found.append(f"{directory.name} {name} {cluster}")
    return found
