"""Process 1 of a cluster's PID namespace: starts the cluster's programs and keeps them running.

It has its own mount, network, PID and IPC namespaces. When it ends for any reason, the kernel ends
every process of the cluster and removes its mounts and its network.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from local.cluster import cloud, programs
from local.cluster.api import Api, ApiError
from local.cluster.spec import KUBELET, ClusterSpec

#: The kernel settings that the kubelet requires, and otherwise changes for the whole machine. Files
#: with these values are bound over the real ones in the cluster's mount namespace, so that the
#: kubelet changes nothing.
KERNEL_SETTINGS = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}

#: Seconds before a program that ended starts again.
RESTART_AFTER = 1.0


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"`{' '.join(command)}` failed: {done.stderr.strip()}")


def isolate(spec: ClusterSpec) -> None:
    """Mount the cluster's own /run, /var/log and kubelet directory over the machine's."""
    _run("mount", "--make-rshared", "/")
    _run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    for directory in ("/run/slipway/etcd", "/run/slipway/sysctl", "/run/containerd", "/run/cni"):
        Path(directory).mkdir(parents=True)
    for source, target in (("kubelet", str(KUBELET)), ("pod-logs", "/var/log")):
        inside = spec.directory / source
        inside.mkdir(exist_ok=True)
        _run("mount", "--bind", str(inside), target)
    for key, value in KERNEL_SETTINGS.items():
        setting = Path("/run/slipway/sysctl", key.replace("/", "."))
        setting.write_text(value + "\n")
        _run("mount", "--bind", str(setting), f"/proc/sys/{key}")


def connect(spec: ClusterSpec) -> None:
    """Configure the node's end of the link to the machine, which the starting process created."""
    _run("ip", "link", "set", "lo", "up")
    _run("ip", "addr", "add", f"{spec.network.node_ip}/24", "dev", "eth0")
    _run("ip", "link", "set", "eth0", "up")
    _run("ip", "route", "add", "default", "via", spec.network.host_ip)
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")  # of this network namespace only


class Supervisor:
    """Starts programs, restarts those that end, and reaps orphaned processes of containers."""

    def __init__(self, spec: ClusterSpec) -> None:
        self._spec = spec
        self._lock = threading.Lock()
        self._running: dict[int, programs.Process] = {}
        self._log = (spec.logs / "supervisor.log").open("a", buffering=1)

    def log(self, text: str) -> None:
        self._log.write(f"{time.strftime('%H:%M:%S')} {text}\n")

    def start(self, process: programs.Process) -> None:
        environment = {"PATH": os.pathsep.join([*process.path, os.environ["PATH"]]), "HOME": "/run"}
        if process.libraries:
            environment["LD_LIBRARY_PATH"] = process.libraries
        with self._lock, (self._spec.logs / f"{process.name}.log").open("ab") as output:
            started = subprocess.Popen(
                process.command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            self._running[started.pid] = process
        self.log(f"started {process.name}")

    def reap_for_ever(self) -> None:
        while True:
            try:
                pid, status = os.wait()
            except ChildProcessError:  # nothing has been started yet
                time.sleep(0.05)
                continue
            with self._lock:
                ended = self._running.pop(pid, None)
            if ended is not None:
                code = os.waitstatus_to_exitcode(status)
                self.log(f"{ended.name} ended with {code}, starting it again")
                threading.Timer(RESTART_AFTER, self.start, [ended]).start()

    def wait_for_api(self) -> None:
        api = Api(self._spec, "admin", timeout=5.0)
        while True:
            try:
                api.call("GET", "/readyz")
                return
            except (ApiError, OSError):
                time.sleep(0.1)  # the process that starts the cluster has the time limit

    def boot(self) -> None:
        etcd, apiserver, *controllers = programs.control_plane(self._spec)
        self.start(etcd)
        self.start(apiserver)
        if self._spec.kubelet:
            self.start(programs.containerd(self._spec))
        self.wait_for_api()
        for process in controllers:
            self.start(process)
        cloud.start(self._spec, self.log)
        if self._spec.kubelet:
            for process in programs.node(self._spec):
                self.start(process)


def main() -> None:
    """`python -m local.cluster.supervisor <directory>`: waits for its network, then runs the
    cluster."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    if sys.stdin.readline() != "connected\n":
        sys.exit("whoever started this cluster is gone")
    spec = ClusterSpec.load(Path(sys.argv[1]))
    supervisor = Supervisor(spec)
    try:
        isolate(spec)
        connect(spec)
    except Exception as error:
        supervisor.log(f"cannot start: {error}")
        raise
    threading.Thread(target=_boot, args=(supervisor,), daemon=True).start()
    supervisor.reap_for_ever()


def _boot(supervisor: Supervisor) -> None:
    try:
        supervisor.boot()
        supervisor.log("booted")
    except BaseException as error:  # noqa: BLE001 - a thread's error ends the cluster
        supervisor.log(f"cannot start: {error!r}")
        os._exit(1)


if __name__ == "__main__":
    main()
