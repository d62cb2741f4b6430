"""Controllers that a cloud provides: addresses for LoadBalancer Services, volumes for claims."""

from __future__ import annotations

import subprocess
import threading
import time
import traceback
from collections.abc import Callable

from local.cluster.api import Api, ApiError, Object
from local.cluster.spec import ClusterSpec, volume_directory

PROVISIONER = "slipway.dev/local"
STORAGE_CLASS = "standard"

#: Seconds before a controller that failed starts again.
RETRY = 1.0


class LoadBalancers:
    """Assigns an address of the cluster's network to each LoadBalancer Service.

    It adds the address to the node's link, so that the machine reaches it. kube-proxy then routes
    connections to the Service's pods.
    """

    path = "/api/v1/services"

    def __init__(self, spec: ClusterSpec) -> None:
        self._free = spec.network.load_balancer_ips
        self._assigned: dict[str, str] = {}

    def keep_only(self, uids: set[str]) -> None:
        """Release the addresses of Services that were deleted between two watches."""
        for uid in self._assigned.keys() - uids:
            self._release(uid)

    def _release(self, uid: str) -> None:
        if address := self._assigned.pop(uid, None):
            self._free.append(address)
            _ip("addr", "del", f"{address}/32", "dev", "eth0")

    def reconcile(self, api: Api, service: Object) -> None:
        uid = service["metadata"]["uid"]
        if service["spec"].get("type") != "LoadBalancer" or service.get("deleted"):
            self._release(uid)
            return
        if uid not in self._assigned:
            self._assigned[uid] = self._free.pop(0)
            _ip("addr", "replace", f"{self._assigned[uid]}/32", "dev", "eth0")
        address = self._assigned[uid]
        status = {"loadBalancer": {"ingress": [{"ip": address, "ipMode": "VIP"}]}}
        if service.get("status", {}).get("loadBalancer") != status["loadBalancer"]:
            api.merge(_path(service, "services") + "/status", {"status": status})


class Volumes:
    """Binds each claim of the default storage class to a directory of the cluster.

    The directory is named after the claim and outlives it, so that a new claim of the same name
    finds its data. It is a hostPath volume and allows every access mode, since all nodes are this
    machine.
    """

    path = "/api/v1/persistentvolumeclaims"

    def __init__(self, spec: ClusterSpec) -> None:
        self._spec = spec

    def keep_only(self, uids: set[str]) -> None:
        """Does nothing: the volume of a claim that was deleted between two watches may stay."""

    def reconcile(self, api: Api, claim: Object) -> None:
        metadata, spec = claim["metadata"], claim["spec"]
        if spec.get("storageClassName") != STORAGE_CLASS:
            return
        name = f"pvc-{metadata['uid']}"
        if claim.get("deleted"):
            _ignore_missing(lambda: api.call("DELETE", f"/api/v1/persistentvolumes/{name}"))
            return
        if spec.get("volumeName") or "deletionTimestamp" in metadata:
            return
        namespace, claim_name = metadata["namespace"], metadata["name"]
        directory = volume_directory(self._spec.name, namespace, claim_name)
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o777)
        volume = {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {
                "name": name,
                "annotations": {"pv.kubernetes.io/provisioned-by": PROVISIONER},
            },
            "spec": {
                "capacity": {"storage": spec["resources"]["requests"]["storage"]},
                "accessModes": spec["accessModes"],
                "storageClassName": STORAGE_CLASS,
                "persistentVolumeReclaimPolicy": "Retain",
                "hostPath": {"path": str(directory), "type": "Directory"},
                "claimRef": {
                    "apiVersion": "v1",
                    "kind": "PersistentVolumeClaim",
                    "namespace": namespace,
                    "name": claim_name,
                    "uid": metadata["uid"],
                },
            },
        }
        api.apply(f"/api/v1/persistentvolumes/{name}", volume)


def start(spec: ClusterSpec, log: Callable[[str], None]) -> None:
    """Run both controllers, each in a thread of its own, for as long as the process lives."""
    for controller in (LoadBalancers(spec), Volumes(spec)):
        threading.Thread(target=_run, args=(spec, controller, log), daemon=True).start()


def _run(
    spec: ClusterSpec, controller: LoadBalancers | Volumes, log: Callable[[str], None]
) -> None:
    def reconcile(api: Api, each: Object) -> None:
        try:
            controller.reconcile(api, each)
        except (ApiError, RuntimeError, IndexError) as error:  # logged, then the next object
            log(f"{type(controller).__name__}: {each['metadata'].get('name')}: {error!r}")

    while True:
        try:
            api = Api(spec, "cloud")
            objects, version = api.list(controller.path)
            controller.keep_only({each["metadata"]["uid"] for each in objects})
            for each in objects:
                reconcile(api, each)
            for each in api.watch(controller.path, version):
                reconcile(api, each)
        # A controller logs every error of the API server or the network, and continues.
        except Exception:  # noqa: BLE001
            log(f"{type(controller).__name__}: {traceback.format_exc()}")
            time.sleep(RETRY)


def _path(item: Object, plural: str) -> str:
    metadata = item["metadata"]
    return f"/api/v1/namespaces/{metadata['namespace']}/{plural}/{metadata['name']}"


def _ip(*arguments: str) -> None:
    # Reads stderr: the exit code may be lost, since the supervisor reaps every child.
    done = subprocess.run(["ip", *arguments], check=False, capture_output=True, text=True)
    if done.stderr.strip():
        raise RuntimeError(f"`ip {' '.join(arguments)}`: {done.stderr.strip()}")


def _ignore_missing(call: Callable[[], object]) -> None:
    try:
        call()
    except ApiError as error:
        if error.status != 404:
            raise
