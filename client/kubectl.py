"""kubectl as a child process: find a model's Service, and forward a local port to it."""

import contextlib
import ctypes
import json
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from client.endpoint import Transport
from client.errors import ClusterError, UsageError

_TIMEOUT = 20  # seconds for one kubectl command, and for a forward to be up
_GRACE = 5  # seconds between SIGTERM and SIGKILL
_PORT_NAMES: dict[Transport, tuple[str, ...]] = {"grpc": ("grpc",), "rest": ("rest", "http")}
_FORWARDING = re.compile(r"Forwarding from 127\.0\.0\.1:(\d+)")
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


@dataclass(frozen=True, kw_only=True)
class Service:
    """A Service's port. `runtime` is its label app.kubernetes.io/name, where it has been read."""

    namespace: str
    name: str
    port: int
    runtime: str | None = None


def parse_service(text: str) -> Service:
    """A Service from "namespace/name:port". Raises UsageError."""
    match = re.fullmatch(r"([a-z0-9.-]+)/([a-z0-9.-]+):(\d+)", text)
    if not match:
        raise UsageError(
            f"--service {text!r} is no namespace/name:port.",
            "For example models/half-plus-two:8500.",
        )
    return Service(namespace=match[1], name=match[2], port=int(match[3]))


def find_service(kubeconfig: Path | None, model: str, transport: Transport) -> Service:
    """The Service of `model` with a port for `transport`, found by its labels. Raises ClusterError."""
    instance = model.lower().replace("_", "-")
    selector = f"app.kubernetes.io/managed-by=slipway,app.kubernetes.io/instance={instance}"
    items = json.loads(_kubectl(kubeconfig, "get", "services", "-A", "-l", selector, "-o", "json"))[
        "items"
    ]
    # A headless Service may stand beside the one with an address.
    for item in sorted(items, key=lambda item: item["spec"].get("clusterIP") == "None"):
        for port in item["spec"].get("ports", []):
            if port.get("name") in _PORT_NAMES[transport]:
                meta = item["metadata"]
                return Service(
                    namespace=meta["namespace"],
                    name=meta["name"],
                    port=port["port"],
                    runtime=meta["labels"].get("app.kubernetes.io/name"),
                )
    raise ClusterError(
        f"The cluster has no Service with the labels {selector} and a port named"
        f" {' or '.join(_PORT_NAMES[transport])} ({len(items)} with the labels).",
        "See `kubectl get services -A --show-labels`, or name one with --service NS/NAME:PORT.",
    )


@contextlib.contextmanager
def port_forward(kubeconfig: Path | None, service: Service) -> Iterator[int]:
    """A local port (chosen by the kernel) that leads to `service` while the block runs.

    Raises ClusterError with kubectl's last words. The child is ended on every way out; on Linux
    the kernel ends it even when this process is killed.
    """
    command = [
        *_command(kubeconfig),
        *("-n", service.namespace, "port-forward", f"service/{service.name}"),
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
    said = "nothing"
    ends = time.monotonic() + _TIMEOUT
    while time.monotonic() < ends:
        with contextlib.suppress(queue.Empty):
            said = lines.get(timeout=0.1).strip()
            if match := _FORWARDING.match(said):
                return int(match[1])
            continue
        if child.poll() is not None and lines.empty():
            break
    raise ClusterError(
        f"`kubectl port-forward` to {service.namespace}/{service.name}:{service.port} did not come"
        f" up; last it said: {said}",
        f"See the pods behind it: `kubectl -n {service.namespace} get pods`.",
    )


def _pump(pipe: IO[str], lines: "queue.Queue[str]") -> None:
    """Keep reading, so that the child never waits for a full pipe."""
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
        said = done.stderr.strip().splitlines() or ["nothing"]
        raise ClusterError(
            f"`kubectl {' '.join(arguments[:2])}` failed: {said[-1]}",
            'See that the cluster runs and the kubeconfig is its own (`eval "$(make -s env)"`).',
        )
    return done.stdout


def _start(command: list[str]) -> subprocess.Popen[str]:
    options: dict[str, Any] = {"preexec_fn": _die_with_parent} if sys.platform == "linux" else {}
    try:
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
        )
    except FileNotFoundError as error:
        raise _unusable(error) from error


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _command(kubeconfig: Path | None) -> list[str]:
    return ["kubectl", *(["--kubeconfig", str(kubeconfig)] if kubeconfig else [])]


def _unusable(error: Exception) -> ClusterError:
    if isinstance(error, FileNotFoundError):
        return ClusterError(
            "`kubectl` is not on PATH, and `check` goes through it.",
            'Run `eval "$(make -s env)"`, or install kubectl.',
        )
    return ClusterError(
        f"`kubectl` gave no answer within {_TIMEOUT * 2} s.",
        "See that the cluster runs and its address in the kubeconfig can be reached.",
    )
