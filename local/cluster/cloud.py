"""What a cloud gives a cluster: addresses for LoadBalancer Services, and volumes for claims."""

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

#: Seconds before a controller that failed begins anew.
RETRY = 1.0


class LoadBalancers:
    """Gives each LoadBalancer Service an address of the cluster's network.

    The address is put on the node's link, so that the machine finds it; kube-proxy does the rest.
    """

    path = "/api/v1/services"

    def __init__(self, spec: ClusterSpec) -> None:
        self._free = spec.network.load_balancer_ips
        self._given: dict[str, str] = {}

    def keep_only(self, uids: set[str]) -> None:
        """Take back the addresses of Services that went while nobody watched."""
        for uid in self._given.keys() - uids:
            self._take_back(uid)

    def _take_back(self, uid: str) -> None:
        if address := self._given.pop(uid, None):
            self._free.append(address)
            _ip("addr", "del", f"{address}/32", "dev", "eth0")

    def reconcile(self, api: Api, service: Object) -> None:
        uid = service["metadata"]["uid"]
        if service["spec"].get("type") != "LoadBalancer" or service.get("deleted"):
            self._take_back(uid)
            return
        if uid not in self._given:
            self._given[uid] = self._free.pop(0)
            _ip("addr", "replace", f"{self._given[uid]}/32", "dev", "eth0")
        address = self._given[uid]
        status = {"loadBalancer": {"ingress": [{"ip": address, "ipMode": "VIP"}]}}
        if service.get("status", {}).get("loadBalancer") != status["loadBalancer"]:
            api.merge(_address(service, "services") + "/status", {"status": status})


class Volumes:
    """Binds each claim of the default storage class to a directory of the cluster.

    The directory is named after the claim and stays when the claim goes, so that a claim made
    again finds its data. It is a hostPath volume: all nodes are this machine, hence any
    access mode.
    """

    path = "/api/v1/persistentvolumeclaims"

    def __init__(self, spec: ClusterSpec) -> None:
        self._spec = spec

    def keep_only(self, uids: set[str]) -> None:
        """Nothing: a volume left over by a claim that went unseen takes nothing but its name."""

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
    def reconcile(api: Api, found: Object) -> None:
        try:
            controller.reconcile(api, found)
        except (ApiError, RuntimeError, IndexError) as error:  # the others go on
            log(f"{type(controller).__name__}: {found['metadata'].get('name')}: {error!r}")

    while True:
        try:
            api = Api(spec, "cloud")
            listed, version = api.list(controller.path)
            controller.keep_only({one["metadata"]["uid"] for one in listed})
            for found in listed:
                reconcile(api, found)
            for found in api.watch(controller.path, version):
                reconcile(api, found)
        # A controller outlives whatever the API server or the network does, and logs it.
        except Exception:  # noqa: BLE001
            log(f"{type(controller).__name__}: {traceback.format_exc()}")
            time.sleep(RETRY)


def _address(found: Object, plural: str) -> str:
    metadata = found["metadata"]
    return f"/api/v1/namespaces/{metadata['namespace']}/{plural}/{metadata['name']}"


def _ip(*arguments: str) -> None:
    # The exit code may have gone to the supervisor, which reaps every child: stderr tells.
    done = subprocess.run(["ip", *arguments], check=False, capture_output=True, text=True)
    if done.stderr.strip():
        raise RuntimeError(f"`ip {' '.join(arguments)}`: {done.stderr.strip()}")


def _ignore_missing(call: Callable[[], object]) -> None:
    try:
        call()
    except ApiError as error:
        if error.status != 404:
            raise
