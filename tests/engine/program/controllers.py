"""What the controllers of a cluster with nodes would write into the statuses of objects."""

from __future__ import annotations

import threading
import urllib.error
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.engine.apiserver import ApiServer

#: TEST-NET-3: addresses that no machine has.
ADDRESS, POD_ADDRESS = "203.0.113.7", "203.0.113.8"
_PERIOD = 0.3
_BALANCER = {"loadBalancer": {"ingress": [{"ip": ADDRESS}]}}


@contextmanager
def controllers(
    cluster: ApiServer,
    *namespaces: str,
    workloads: bool = True,
    failing: Mapping[str, dict[str, Any]] | None = None,
) -> Iterator[None]:
    """In `namespaces`, whether they are there yet or not, every Deployment is rolled out with one
    ready pod, every DaemonSet is on no node, every claim is bound, every volume is available, and
    every Ingress and Service of type LoadBalancer has the address `ADDRESS`. Without `workloads`,
    Deployments and DaemonSets are left to others. The pods of the servers in `failing` have the
    status that stands there, and their Deployments are never rolled out."""
    over = threading.Event()
    failed: list[Exception] = []

    def work() -> None:
        while not over.wait(_PERIOD):
            try:
                for namespace in namespaces:
                    if workloads:
                        _roll_out(cluster, namespace, failing or {})
                    _provide(cluster, namespace)
            except urllib.error.HTTPError as error:
                if error.code not in (404, 409):  # deleted or changed in the meantime
                    failed.append(error)
            except (OSError, LookupError, ValueError) as error:  # a thread dies unheard
                failed.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    assert not failed, failed


def give_address(cluster: ApiServer, service: str) -> None:
    """Gives `service`, `<namespace>/<name>`, the address `ADDRESS`."""
    namespace, _, name = service.partition("/")
    _write(cluster, f"/api/v1/namespaces/{namespace}/services/{name}", _BALANCER)


def _roll_out(cluster: ApiServer, namespace: str, failing: Mapping[str, dict[str, Any]]) -> None:
    deployments = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    for each in cluster.call("GET", deployments)["items"]:
        generation = each["metadata"]["generation"]
        if each.get("status", {}).get("observedGeneration") != generation:
            server = each["metadata"].get("labels", {}).get("app.kubernetes.io/instance")
            _run_pod(cluster, each, failing.get(server))
            status = _rolled_out(each["spec"]["replicas"], generation)
            if server in failing:
                status = {key: status[key] for key in ("replicas", "observedGeneration")}
                status["updatedReplicas"] = status["replicas"]
            _write(cluster, f"{deployments}/{each['metadata']['name']}", status)
    daemons = f"/apis/apps/v1/namespaces/{namespace}/daemonsets"
    for each in cluster.call("GET", daemons)["items"]:
        generation = each["metadata"]["generation"]
        if each["status"].get("observedGeneration") != generation:
            _write(cluster, f"{daemons}/{each['metadata']['name']}", _nowhere(generation))


def _provide(cluster: ApiServer, namespace: str) -> None:
    claims = f"/api/v1/namespaces/{namespace}/persistentvolumeclaims"
    for each in cluster.call("GET", claims)["items"]:
        if each["status"].get("phase") != "Bound":
            _write(cluster, f"{claims}/{each['metadata']['name']}", {"phase": "Bound"})
    for each in cluster.call("GET", "/api/v1/persistentvolumes")["items"]:
        # Not bound, and so in nobody's use: nothing here would say when its claim is gone.
        if each["status"].get("phase") == "Pending":
            path = f"/api/v1/persistentvolumes/{each['metadata']['name']}"
            _write(cluster, path, {"phase": "Available"})
    for path in (
        f"/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses",
        f"/api/v1/namespaces/{namespace}/services",
    ):
        for each in cluster.call("GET", path)["items"]:
            wanted = each["spec"].get("type", "LoadBalancer") == "LoadBalancer"
            if wanted and not each["status"]["loadBalancer"]:
                _write(cluster, f"{path}/{each['metadata']['name']}", _BALANCER)


def _run_pod(
    cluster: ApiServer, deployment: dict[str, Any], status: dict[str, Any] | None = None
) -> None:
    """A pod of the Deployment with `status`, else one that is ready, so that its Service has an
    endpoint. It is on no node, so it goes at once when the Deployment does."""
    metadata, template = deployment["metadata"], deployment["spec"]["template"]
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "controller": True}
    owner |= {key: metadata[key] for key in ("name", "uid")}
    labels = template["metadata"]["labels"]
    name = f"{metadata['name']}-{metadata['generation']}"
    pods = f"/api/v1/namespaces/{metadata['namespace']}/pods"
    cluster.call(
        "POST",
        pods,
        {
            "metadata": {"name": name, "labels": labels, "ownerReferences": [owner]},
            "spec": template["spec"],
        },
    )
    ready = {"type": "Ready", "status": "True"}
    address = {"podIP": POD_ADDRESS, "podIPs": [{"ip": POD_ADDRESS}]}
    running = {"phase": "Running", "conditions": [ready], **address}
    _write(cluster, f"{pods}/{name}", running if status is None else status)


def _rolled_out(replicas: int, generation: int) -> dict[str, Any]:
    counts = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
    return {
        **dict.fromkeys(counts, replicas),
        "observedGeneration": generation,
        "conditions": [
            {"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable"},
            {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"},
        ],
    }


def _nowhere(generation: int) -> dict[str, int]:
    """The status of a DaemonSet where there is no node."""
    counts = ("currentNumberScheduled", "desiredNumberScheduled", "numberMisscheduled")
    return {**dict.fromkeys((*counts, "numberReady"), 0), "observedGeneration": generation}


def _write(cluster: ApiServer, path: str, status: dict[str, Any]) -> None:
    cluster.call("PATCH", f"{path}/status", {"status": status}, kind="merge-patch")
