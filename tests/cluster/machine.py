"""What of the machine a cluster could leave changed."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


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


def picture(ignore: str, checkout: Path) -> Machine:
    """The machine as it is now: everything of any cluster but the one named `ignore`, which shall
    run on, and every process that works in `checkout`."""

    def kept(lines: list[str]) -> frozenset[str]:
        return frozenset(line for line in lines if not (ignore and ignore in line))

    return Machine(
        processes=kept(_processes(checkout)),
        mounts=kept(Path("/proc/self/mounts").read_text().splitlines()),
        links=kept(_links()),
        namespaces=kept(_namespaces()),
        cgroups=kept([str(path) for path in Path("/sys/fs/cgroup").glob("*/slipway-*")]),
        directories=kept([str(path) for path in Path("/var/lib/slipway").glob("*")]),
        settings=tuple(
            Path("/proc/sys", key).read_text().strip()
            for key in ("vm/overcommit_memory", "kernel/panic", "kernel/panic_on_oops")
        ),
    )


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
    """The processes that have not ended: a zombie waits only to be looked at by its parent."""
    for directory in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (directory / "stat").read_text().rpartition(")")[2].split()[0] != "Z":
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
