"""Writes the statuses that nodes, provisioners and load balancers of a whole cluster write."""

from __future__ import annotations

import contextlib
import threading
import urllib.error
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.engine.apiserver import ApiServer

#: TEST-NET-3: addresses that no machine has.
ADDRESS, POD_ADDRESS = "203.0.113.7", "203.0.113.8"
_PERIOD = 0.3
_NODE = "on-paper"
_BALANCER = {"loadBalancer": {"ingress": [{"ip": ADDRESS}]}}
_RUNNING = {
    "phase": "Running",
    "conditions": [{"type": "Ready", "status": "True"}],
    "podIP": POD_ADDRESS,
    "podIPs": [{"ip": POD_ADDRESS}],
}


@contextmanager
def controllers(
    cluster: ApiServer,
    *namespaces: str,
    workloads: bool = True,
    failing: Mapping[str, dict[str, Any]] | None = None,
) -> Iterator[None]:
    """In `namespaces`, which may be created later, every pod becomes ready, every claim bound,
    every volume available, and every Ingress and Service of type LoadBalancer gets the address
    `ADDRESS`. Without `workloads`, pods are not changed. Pods whose label
    `app.kubernetes.io/instance` is in `failing` get the status given there instead."""
    if workloads:
        with contextlib.suppress(urllib.error.HTTPError):  # another test has created it
            cluster.call("POST", "/api/v1/nodes", {"metadata": {"name": _NODE}})
    over = threading.Event()
    failed: list[Exception] = []

    def work() -> None:
        while not over.wait(_PERIOD):
            try:
                for namespace in namespaces:
                    if workloads:
                        _start_pods(cluster, namespace, failing or {})
                    _provide(cluster, namespace)
            except urllib.error.HTTPError as error:
                if error.code not in (404, 409):  # deleted or changed in the meantime
                    failed.append(error)
            except (OSError, LookupError, ValueError) as error:  # nobody sees the error of a thread
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


def _start_pods(cluster: ApiServer, namespace: str, failing: Mapping[str, dict[str, Any]]) -> None:
    """Bind every pod to a node and make it ready, with an address, so that Deployments are rolled
    out and Services have endpoints. Delete terminating pods at once."""
    pods = f"/api/v1/namespaces/{namespace}/pods"
    for each in cluster.call("GET", pods)["items"]:
        name = each["metadata"]["name"]
        if "deletionTimestamp" in each["metadata"]:
            cluster.call("DELETE", f"{pods}/{name}?gracePeriodSeconds=0")
        elif "nodeName" not in each["spec"]:
            target = {"kind": "Node", "name": _NODE}
            binding = {"metadata": {"name": name}, "target": target}
            cluster.call("POST", f"{pods}/{name}/binding", binding)
        elif each["status"].get("phase") != "Running":
            server = each["metadata"].get("labels", {}).get("app.kubernetes.io/instance")
            _write(cluster, f"{pods}/{name}", failing.get(server, _RUNNING))


def _provide(cluster: ApiServer, namespace: str) -> None:
    claims = f"/api/v1/namespaces/{namespace}/persistentvolumeclaims"
    for each in cluster.call("GET", claims)["items"]:
        if each["status"].get("phase") != "Bound":
            _write(cluster, f"{claims}/{each['metadata']['name']}", {"phase": "Bound"})
    for each in cluster.call("GET", "/api/v1/persistentvolumes")["items"]:
        # A bound volume would stay in use: nothing here releases it when its claim is deleted.
        if each["status"].get("phase") == "Pending":
            path = f"/api/v1/persistentvolumes/{each['metadata']['name']}"
            _write(cluster, path, {"phase": "Available"})
    for path in (
        f"/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses",
        f"/api/v1/namespaces/{namespace}/services",
    ):
        for each in cluster.call("GET", path)["items"]:
            balanced = each["spec"].get("type", "LoadBalancer") == "LoadBalancer"
            if balanced and not each["status"]["loadBalancer"]:
                _write(cluster, f"{path}/{each['metadata']['name']}", _BALANCER)


def _write(cluster: ApiServer, path: str, status: dict[str, Any]) -> None:
    cluster.call("PATCH", f"{path}/status", {"status": status}, kind="merge-patch")
