"""Runs kubectl to find a model's Service and pods, and to forward a local port to them."""

import contextlib
import json
import os
import queue
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from client.endpoint import Transport
from client.errors import ClusterError, UsageError
from why.cluster import AskingError, Fetch, NotFoundError

_TIMEOUT = 20  # seconds for one kubectl command, and for the start of a port-forward
_GRACE = 5  # seconds between SIGTERM and SIGKILL
_HTTP = ("rest", "http")
_PORT_NAMES: dict[Transport, tuple[str, ...]] = {
    "grpc": ("grpc",),
    "rest": _HTTP,
    "rest-binary": _HTTP,
}
#: Labels that the program sets on a server's Service: `<MODEL_LABEL>/<name>` for each of its models,
#: and the server's protocol.
MODEL_LABEL = "model.slipway.dev"
PROTOCOL_LABEL = "slipway.dev/protocol"
_FORWARDING = re.compile(r"Forwarding from 127\.0\.0\.1:(\d+)")
# Not a `preexec_fn`, which would fork while gRPC's threads run if a channel is open. 1 is
# PR_SET_PDEATHSIG of linux/prctl.h, 15 is SIGTERM. The comparison detects a parent that has already
# ended.
_DIE_WITH_PARENT = """\
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 15)
if os.getppid() == int(sys.argv[1]): os.execvp(sys.argv[2], sys.argv[2:])
"""


@dataclass(frozen=True, kw_only=True)
class Service:
    """A port of a Service. `protocol` is the Service's label slipway.dev/protocol, None without it.
    With `pod` it is that pod of the Service, and `port` is a port of the pod."""

    namespace: str
    name: str
    port: int | str
    protocol: str | None = None
    pod: str | None = None


def raw(kubeconfig: Path | None) -> Fetch:
    """A function that reads paths of the Kubernetes API through kubectl."""

    def fetch(path: str) -> str:
        try:
            return _kubectl(kubeconfig, "get", "--raw", path)
        except ClusterError as error:
            if "(NotFound)" in error.what:
                raise NotFoundError(error.what) from error
            raise AskingError(error.what.rstrip(".")) from error

    return fetch


def named_service(kubeconfig: Path | None, text: str) -> Service:
    """The Service "namespace/name:port". Raises UsageError, and ClusterError if it does not exist."""
    match = re.fullmatch(r"([a-z0-9.-]+)/([a-z0-9.-]+):(\d+)", text)
    if not match:
        raise UsageError(
            f"--service {text!r} is no namespace/name:port.",
            "For example models/half-plus-two:8500.",
        )
    service = _kubectl(kubeconfig, "get", "service", match[2], "-n", match[1], "-o", "json")
    labels = json.loads(service)["metadata"].get("labels", {})
    return Service(
        namespace=match[1],
        name=match[2],
        port=int(match[3]),
        protocol=labels.get(PROTOCOL_LABEL),
    )


def find_service(kubeconfig: Path | None, model: str, transport: Transport) -> Service:
    """The Service of the server that serves `model`, with a port for `transport`, found by its label.
    Raises ClusterError if there is none, or more than one."""
    label = f"{MODEL_LABEL}/{model}"
    listed = _kubectl(kubeconfig, "get", "services", "-A", "-l", label, "-o", "json")
    items = json.loads(listed)["items"]
    found = [
        Service(
            namespace=item["metadata"]["namespace"],
            name=item["metadata"]["name"],
            port=port["port"],
            protocol=item["metadata"]["labels"].get(PROTOCOL_LABEL),
        )
        for item in items
        for port in item["spec"].get("ports", [])
        if port.get("name") in _PORT_NAMES[transport]
    ]
    if not found:
        raise ClusterError(
            f"The cluster has no Service with the label {label} and a port named"
            f" {' or '.join(_PORT_NAMES[transport])} ({len(items)} with the label).",
            "Run `pulumi up`, see `kubectl get services -A --show-labels`, or name a Service with"
            " --service NS/NAME:PORT.",
        )
    if len(found) > 1:
        names = ", ".join(f"{one.namespace}/{one.name}:{one.port}" for one in found)
        raise ClusterError(
            f"Several Services of the cluster have the label {label}: {names}.",
            f"Name one, as --service {found[0].namespace}/{found[0].name}:{found[0].port}.",
        )
    return found[0]


def find_pods(kubeconfig: Path | None, service: Service) -> list[Service]:
    """The running pods of `service`, sorted by name. Raises ClusterError if there are none."""
    in_namespace = ("-n", service.namespace)
    spec = json.loads(
        _kubectl(kubeconfig, "get", "service", service.name, *in_namespace, "-o", "json")
    )["spec"]
    target = next(
        (
            port.get("targetPort", port["port"])
            for port in spec["ports"]
            if port["port"] == service.port
        ),
        service.port,
    )
    selector = ",".join(f"{key}={value}" for key, value in (spec.get("selector") or {}).items())
    listed = _kubectl(kubeconfig, "get", "pods", *in_namespace, "-l", selector, "-o", "json")
    pods = [
        replace(service, pod=item["metadata"]["name"], port=target)
        for item in json.loads(listed)["items"]
        if item["status"].get("phase") == "Running" and "deletionTimestamp" not in item["metadata"]
    ]
    if not pods:
        raise ClusterError(
            f"No pod runs behind Service {service.namespace}/{service.name} ({selector}).",
            f"See `kubectl -n {service.namespace} get pods`.",
        )
    return sorted(pods, key=lambda pod: pod.pod or "")


@contextlib.contextmanager
def port_forward(kubeconfig: Path | None, service: Service) -> Iterator[int]:
    """Yields a local port, chosen by the kernel, that is forwarded to `service` during the block.

    Raises ClusterError with kubectl's last line. The child process ends with the block, however the
    block ends. On Linux the kernel ends the child even if this process is killed.
    """
    command = [
        *_command(kubeconfig),
        *("-n", service.namespace, "port-forward"),
        f"pod/{service.pod}" if service.pod else f"service/{service.name}",
        *(f":{service.port}", "--address", "127.0.0.1"),
    ]
    child = _start(command)
    try:
        yield _forwarded_port(child, service)
    finally:
        child.terminate()
        try:
            child.wait(_GRACE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        for pipe in (child.stdout, child.stderr):
            if pipe:
                pipe.close()


def _forwarded_port(child: subprocess.Popen[str], service: Service) -> int:
    lines: queue.Queue[str] = queue.Queue()
    for pipe in (child.stdout, child.stderr):
        threading.Thread(target=_pump, args=(pipe, lines), daemon=True).start()
    line = "nothing"
    ends = time.monotonic() + _TIMEOUT
    while time.monotonic() < ends:
        with contextlib.suppress(queue.Empty):
            line = lines.get(timeout=0.1).strip()
            if match := _FORWARDING.match(line):
                return int(match[1])
            continue
        if child.poll() is not None and lines.empty():
            break
    raise ClusterError(
        f"`kubectl port-forward` to {service.namespace}/{service.name}:{service.port} did not come"
        f" up; last it said: {line}",
        f"See the pods behind it: `kubectl -n {service.namespace} get pods`.",
    )


def _pump(pipe: IO[str], lines: "queue.Queue[str]") -> None:
    """Reads the pipe to its end, so that the child never blocks on a full pipe."""
    with contextlib.suppress(ValueError, OSError):  # closed while the block ends
        for line in pipe:
            lines.put(line)


def _kubectl(kubeconfig: Path | None, *arguments: str) -> str:
    try:
        done = subprocess.run(
            [*_command(kubeconfig), f"--request-timeout={_TIMEOUT}s", *arguments],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT * 2,
            check=False,
        )
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        raise _unusable(error) from error
    if done.returncode:
        stderr = done.stderr.strip().splitlines() or ["nothing"]
        raise ClusterError(
            f"`kubectl {' '.join(arguments[:2])}` failed: {stderr[-1]}",
            'See that the cluster runs and the kubeconfig is its own (`eval "$(make -s env)"`).',
        )
    return done.stdout


def _start(command: list[str]) -> subprocess.Popen[str]:
    if not shutil.which(command[0]):
        raise _unusable(FileNotFoundError(command[0]))
    if sys.platform == "linux":
        command = [sys.executable, "-ISc", _DIE_WITH_PARENT, str(os.getpid()), *command]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _command(kubeconfig: Path | None) -> list[str]:
    return ["kubectl", *(["--kubeconfig", str(kubeconfig)] if kubeconfig else [])]


def _unusable(error: Exception) -> ClusterError:
    if isinstance(error, FileNotFoundError):
        return ClusterError(
            "`kubectl` is not on PATH, and calls that bypass the gateway need it.",
            'Run `eval "$(make -s env)"`, or install kubectl.',
        )
    return ClusterError(
        f"`kubectl` gave no answer within {_TIMEOUT * 2} s.",
        "See that the cluster runs and its address in the kubeconfig can be reached.",
    )
