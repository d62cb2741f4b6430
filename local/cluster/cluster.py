"""Starts and stops a cluster. A stop leaves nothing behind; a start first removes what a killed
start or stop left."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from local.cluster import certificates, cgroups, manifests, programs
from local.cluster.api import Api, ApiError
from local.cluster.spec import BASE, KUBELET, ClusterSpec, Network
from local.errors import LocalError

#: Seconds from the first process to a ready node. It takes 10 to 20 on two busy cores.
START_TIMEOUT = 120.0

Note = Callable[[str], None]


class ClusterError(LocalError):
    """The cluster cannot be started or stopped; the message says what it was waiting for."""


def missing_abilities() -> list[str]:
    """What this machine lacks for running containers; empty if it has everything."""
    lacks = []
    if sys.platform != "linux":
        return [f"Linux (this is {sys.platform})"]
    if os.geteuid() != 0:
        lacks.append("root (mounts, network namespaces and cgroups need it)")
    for program in ("unshare", "nsenter", "setpriv", "ip", "mount"):
        if shutil.which(program) is None:
            lacks.append(f"`{program}` on PATH (Debian: util-linux, iproute2)")
    if "overlay" not in Path("/proc/filesystems").read_text():
        lacks.append("the overlay file system in the kernel")
    try:
        if not all(os.access(mount, os.W_OK) for mount in cgroups.hierarchies()):
            lacks.append(f"cgroups that can be written below {cgroups.ROOT}")
    except cgroups.CgroupError as error:
        lacks.append(str(error))
    return lacks


def require_abilities() -> None:
    """Raise `ClusterError` if this machine lacks anything, with the alternative."""
    if lacks := missing_abilities():
        raise ClusterError(
            "this machine cannot run a local cluster; it lacks: "
            + "; ".join(lacks)
            + ". Use one you have: slipway:cluster: {kind: existing, context: <its context>} "
            '(README.md, "Use a cluster you have")'
        )


def is_running(name: str) -> bool:
    return bool(cgroups.processes(name)) and (BASE / name / "ready").exists()


def running_spec(name: str) -> ClusterSpec:
    return ClusterSpec.load(BASE / name)


def start(spec_for: Callable[[int], ClusterSpec], name: str, note: Note) -> ClusterSpec:
    """Start a cluster; `spec_for` returns its spec for the index of its network.

    Raises `ClusterError` with the last log lines if it is not ready within `START_TIMEOUT`.
    """
    require_abilities()
    stop(name)
    directory = BASE / name
    directory.mkdir(parents=True, mode=0o700)
    KUBELET.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + START_TIMEOUT
    try:
        note("its namespaces and network")
        supervisor = _spawn(name, directory)
        spec = spec_for(_connect(name, _inner_pid(supervisor, directory, deadline)).index)
        spec.logs.mkdir()
        certificates.make(spec)
        programs.write_configuration(spec)
        spec.save()
        assert supervisor.stdin is not None
        supervisor.stdin.write(b"connected\n")
        supervisor.stdin.close()
        _bring_up(spec, supervisor, note, deadline)
        (directory / "ready").touch()
        return spec
    except ClusterError as error:
        logs = stop(name, keep_logs=True)
        raise ClusterError(f"{error}\nThe logs are kept in {logs}") from error
    except BaseException:
        stop(name)
        raise


def stop(name: str, keep_logs: bool = False) -> Path | None:
    """Kill the cluster's processes, and remove its cgroups and its directory.

    With `keep_logs` it copies the logs and returns the directory of the copies.
    """
    directory = BASE / name
    cgroups.destroy(name)
    logs = _copy_logs(directory) if keep_logs else None
    for link in json.loads(_ip("-json", "link", "show") or "[]"):
        if link.get("ifalias") == name:  # the kernel may remove it at the same time
            with contextlib.suppress(ClusterError):
                _ip("link", "del", link["ifname"])
    if directory.exists():
        shutil.rmtree(directory)
    with contextlib.suppress(OSError):  # another cluster's directory is in it
        BASE.rmdir()
    if not BASE.exists():
        with contextlib.suppress(OSError):  # it is missing, or another kubelet of the machine's
            KUBELET.rmdir()
    return logs


def _copy_logs(directory: Path) -> Path:
    target = Path(tempfile.mkdtemp(prefix=f"slipway-{directory.name}-logs-"))
    with contextlib.suppress(OSError):  # the cluster may have failed since the disk is full
        for log in (*(directory / "logs").glob("*"), directory / "supervisor.err"):
            shutil.copy2(log, target)
    return target


def nsenter(name: str) -> list[str]:
    """The prefix of a command that runs inside the cluster's namespaces."""
    for pid in cgroups.processes(name):
        with contextlib.suppress(OSError):
            status = Path(f"/proc/{pid}/status").read_text()
            ids = next(line for line in status.splitlines() if line.startswith("NSpid:")).split()
            # Process 1 in exactly two PID namespaces, the machine's and the cluster's: the first
            # process of a container has an id in a third one, too.
            if len(ids) == 3 and ids[-1] == "1":
                return ["nsenter", "--target", str(pid), "--mount", "--net", "--pid", "--ipc"]
    raise ClusterError(f"cluster {name} is not running")


def import_image(spec: ClusterSpec, archive: str) -> None:
    """Import the images of an OCI or Docker archive into the cluster's node."""
    command = [*nsenter(spec.name), spec.programs["ctr"], "--address", spec.containerd_socket]
    command += ["--namespace", "k8s.io", "images", "import", archive]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ClusterError(f"{archive} cannot be imported: {done.stderr.strip()}")


def node_images(spec: ClusterSpec) -> list[str]:
    """The names of the images on the cluster's node."""
    command = [*nsenter(spec.name), spec.programs["ctr"], "--address", spec.containerd_socket]
    command += ["--namespace", "k8s.io", "images", "list", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ClusterError(f"the node does not list its images: {done.stderr.strip()}")
    # containerd also lists each image by its digest alone.
    return sorted(name for name in done.stdout.split() if not name.startswith("sha256:"))


def import_new_images(name: str, archives: list[str]) -> None:
    """Import those of `archives` that the running cluster does not have yet."""
    spec = running_spec(name)
    new = [archive for archive in archives if archive not in spec.images]
    for archive in new:
        import_image(spec, archive)
    replace(spec, images=[*spec.images, *new]).save()


def _spawn(name: str, directory: Path) -> subprocess.Popen[bytes]:
    # The shell joins the cgroups before it becomes `unshare`, so that no process is ever outside.
    join = 'while [ "$1" != -- ]; do echo $$ > "$1"; shift; done; shift; exec "$@"'
    groups = [str(procs) for procs in cgroups.create(name)]
    # The supervisor waits for a line on stdin. If this process dies before it has made the network
    # and written the line, the supervisor ends, and with it the link.
    namespaces = ["--mount", "--net", "--pid", "--ipc", "--fork", "--mount-proc"]
    unshare = ["unshare", *namespaces, "--propagation", "private", "--kill-child"]
    command = ["sh", "-ec", join, "sh", *groups, "--", *unshare, sys.executable]
    root = Path(__file__).resolve().parents[2]
    with (directory / "supervisor.err").open("wb") as errors:
        return subprocess.Popen(
            [*command, "-m", "local.cluster.supervisor", str(directory)],
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=errors,
            stderr=errors,
            start_new_session=True,
        )


def _inner_pid(supervisor: subprocess.Popen[bytes], directory: Path, deadline: float) -> int:
    children = Path(f"/proc/{supervisor.pid}/task/{supervisor.pid}/children")
    while time.monotonic() < deadline and supervisor.poll() is None:
        with contextlib.suppress(FileNotFoundError):  # the supervisor ended just now
            if pids := children.read_text().split():
                return int(pids[0])
        time.sleep(0.01)
    errors = (directory / "supervisor.err").read_text(errors="replace").strip()
    raise ClusterError(f"the cluster's first process ended with {supervisor.poll()}: {errors}")


def _connect(name: str, pid: int) -> Network:
    """Create the link to the cluster in the first free network, starting at an index derived from
    its name.

    The link's name serves as a lock: the kernel allows each name once.
    """
    first = hashlib.sha256(name.encode()).digest()[0]
    for index in (*range(first, 256), *range(first)):
        network = Network(index)
        if _ip("route", "show", network.cidr):
            continue
        peer = ["type", "veth", "peer", "name", "eth0", "netns", str(pid)]
        with contextlib.suppress(ClusterError):
            _ip("link", "add", network.link, *peer)
            _ip("link", "set", network.link, "alias", name)
            _ip("addr", "add", f"{network.host_ip}/24", "dev", network.link)
            _ip("link", "set", network.link, "up")
            return network
    raise ClusterError("no free network among 10.213.0.0/24 … 10.213.255.0/24 (see `ip route`)")


def _ip(*arguments: str) -> str:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ClusterError(f"`ip {' '.join(arguments)}` failed: {done.stderr.strip()}")
    return done.stdout.strip()


def _bring_up(
    spec: ClusterSpec, supervisor: subprocess.Popen[bytes], note: Note, deadline: float
) -> None:
    def until(what: str, holds: Callable[[], bool], seconds: float = 0.1) -> None:
        note(what)
        while not _quietly(holds):
            if supervisor.poll() is not None:
                raise ClusterError(f"the cluster ended while waiting for {what}:\n{_tail(spec)}")
            if time.monotonic() > deadline:
                raise ClusterError(
                    f"{what}: not within {START_TIMEOUT:.0f} s. What the cluster said last:\n"
                    + _tail(spec)
                )
            time.sleep(seconds)

    if spec.kubelet:
        socket = [*nsenter(spec.name), "test", "-S", spec.containerd_socket]
        until("container runtime", lambda: subprocess.run(socket, check=False).returncode == 0)
        for archive in spec.images:
            note(f"image {Path(archive).name}")
            import_image(spec, archive)
    api = Api(spec, "admin", timeout=5.0)
    until("API server", lambda: bool(api.call("GET", "/readyz")))
    account = "/api/v1/namespaces/default/serviceaccounts/default"
    until("service accounts", lambda: bool(api.call("GET", account)))
    api.apply(*manifests.storage_class())
    if spec.kubelet:
        for path, body in manifests.dns(spec):
            api.apply(path, body)
        until("node", lambda: _node_ready(api, spec.name), 0.3)


def _node_ready(api: Api, name: str) -> bool:
    node = api.call("GET", f"/api/v1/nodes/{name}")
    conditions = {one["type"]: one["status"] for one in node["status"].get("conditions", [])}
    return conditions.get("Ready") == "True"


def _quietly(holds: Callable[[], bool]) -> bool:
    try:
        return holds()
    except (ApiError, OSError):
        return False


def _tail(spec: ClusterSpec) -> str:
    def lines() -> Iterator[str]:
        for log in sorted([*spec.logs.glob("*.log"), spec.directory / "supervisor.err"]):
            last = log.read_text(errors="replace").splitlines()[-4:] if log.exists() else []
            yield from (f"  {log.stem}: {line[:300]}" for line in last)

    return "\n".join(lines())
