"""A cluster with fake nodes: the control plane, the scheduler and Karpenter are real, and kwok stands
in for the kubelets."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from local.paths import cache_dir
from local.toolchain.tools import Toolbox
from tests.engine.apiserver import ApiServer, api_server
from tests.engine.processes import process
from tests.engine.program.program import ROOT
from tests.engine.tools import tool

#: In addition to the controllers of every API server in the tests.
_CONTROLLERS = ("disruption-controller", "node-lifecycle-controller")
_KARPENTER = "/api/v1/namespaces/kube-system/pods?labelSelector=app.kubernetes.io/name=karpenter"
_ACCOUNT = "/api/v1/namespaces/kube-system/serviceaccounts/karpenter"
_OBJECTS = Path(__file__).with_name("kwok_cluster.yaml")
_LOOK_SECONDS = 0.2


@contextmanager
def cluster(directory: Path, machines: Iterable[Mapping[str, Any]]) -> Iterator[ApiServer]:
    """A cluster with one managed node, in which Karpenter makes others of `machines`."""
    with api_server(directory, *_CONTROLLERS) as server, ExitStack() as running:
        kubeconfig = f"--kubeconfig={server.controllers}"
        for command in (
            ["kube-scheduler", kubeconfig, "--leader-elect=false", "--secure-port=0"],
            [
                "kwok",
                kubeconfig,
                f"--config={ROOT / 'local' / 'toolchain' / 'kwok.yaml'}",
                "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
                "--node-lease-duration-seconds=40",
            ],
        ):
            log = directory / f"{command[0]}.log"
            running.enter_context(process(log, [tool(command[0]), *command[1:]]))
        definitions = Toolbox(cache_dir()).sources("karpenter") / "kwok" / "apis" / "crds"
        server.kubectl("apply", "--server-side", "-f", str(definitions))
        server.kubectl("wait", "--for=condition=Established", "crd", "--all")
        server.kubectl("apply", "--server-side", "-f", str(_OBJECTS))
        types = directory / "machines.json"
        types.write_text(json.dumps(list(machines)))
        running.enter_context(_karpenter(server, directory / "karpenter.log", types))
        yield server


def machine(name: str, zone: str, amounts: Mapping[str, str]) -> dict[str, Any]:
    """An on-demand instance type in `zone`, as Karpenter's provider for kwok reads it."""
    labels = {"karpenter.sh/capacity-type": "on-demand", "topology.kubernetes.io/zone": zone}
    requirements = [
        {"key": key, "operator": "In", "values": [value]} for key, value in labels.items()
    ]
    return {
        "name": name,
        "architecture": "amd64",
        "operatingSystems": ["linux"],
        "resources": dict(amounts),
        "offerings": [{"Price": 1.0, "Available": True, "Requirements": requirements}],
    }


@contextmanager
def _karpenter(server: ApiServer, log: Path, machines: Path) -> Iterator[None]:
    """Runs Karpenter like a kubelet would: while a pod of its Deployment is on a node, with that
    pod's environment, as its service account."""
    stopped = threading.Event()

    def keep_running() -> None:
        while not stopped.wait(_LOOK_SECONDS):
            for pod in _running(server)[:1]:
                with process(log, [tool("karpenter")], _environment(server, pod, machines)) as run:
                    while _running(server) and not stopped.wait(_LOOK_SECONDS):
                        assert run.poll() is None, log.read_text()[-2000:]

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(keep_running)
        try:
            yield
        finally:
            stopped.set()
            running.result()


def _running(server: ApiServer) -> list[Any]:
    pods = server.call("GET", _KARPENTER)["items"]
    return [
        each
        for each in pods
        if each["status"].get("phase") == "Running" and "deletionTimestamp" not in each["metadata"]
    ]


def _environment(server: ApiServer, pod: Any, machines: Path) -> dict[str, str]:
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    token = server.call("POST", f"{_ACCOUNT}/token", request)["status"]["token"]
    (container,) = pod["spec"]["containers"]
    variables = {each["name"]: each["value"] for each in container["env"] if "value" in each}
    return {
        **variables,
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "KUBECONFIG": str(server.kubeconfig_of("karpenter", token)),
        "INSTANCE_TYPES_FILE_PATH": str(machines),
        "DISABLE_LEADER_ELECTION": "true",
        # No listeners: nothing calls them, and their ports may be in use.
        "METRICS_PORT": "0",
        "HEALTH_PROBE_PORT": "0",
    }
