"""What of the machine a cluster could leave changed."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

#: Programs that a cluster consists of.
PROGRAMS = (
    "etcd",
    "kube-apiserver",
    "kube-controller",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
    "containerd",
    "containerd-shim",
    "pause",
    "coredns",
    "traefik",
    "pulumi",
    "pulumi-resource",
)


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


def picture(ignore: str = "") -> Machine:
    """The machine as it is now, leaving out what names `ignore` (a cluster that shall run on)."""

    def kept(lines: list[str]) -> frozenset[str]:
        return frozenset(line for line in lines if not (ignore and ignore in line))

    return Machine(
        processes=kept(_processes()),
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
    for directory in Path("/proc").glob("[0-9]*"):
        for kind in ("net", "mnt", "pid", "ipc"):
            with contextlib.suppress(OSError):
                namespace = str((directory / "ns" / kind).readlink())
                if namespace != str(Path("/proc/self/ns", kind).readlink()):
                    found.append(f"{namespace} {_cluster(directory)}")
    return found


def _cluster(process: Path) -> str:
    match = re.search(r"/(slipway-[^/\n]+)", (process / "cgroup").read_text())
    return match.group(1) if match else ""


def _processes() -> list[str]:
    """`pid name cluster` of every process that a cluster or an engine consists of."""
    found = []
    for directory in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            name, cluster = (directory / "comm").read_text().strip(), _cluster(directory)
            if cluster or name.startswith(PROGRAMS):
                found.append(f"{directory.name} {name} {cluster}")
    return found
