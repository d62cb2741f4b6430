"""A cluster that consists of recorded objects."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from why.cluster import AskingError, Cluster, NotFoundError

Object = dict[str, Any]
_RESOURCES = {
    "v1": {
        "Namespace": "namespaces",
        "PersistentVolumeClaim": "persistentvolumeclaims",
        "Pod": "pods",
        "Service": "services",
        "ConfigMap": "configmaps",
    },
    "apps/v1": {"Deployment": "deployments"},
    "networking.k8s.io/v1": {"Ingress": "ingresses", "IngressClass": "ingressclasses"},
    "storage.k8s.io/v1": {"StorageClass": "storageclasses"},
}
_WITHOUT_NAMESPACE = ("Namespace", "StorageClass", "IngressClass")


class Recorded:
    """`objects` by their plural names. `logs` by container, `previous` for the previous run. `refused`
    are the plural names of kinds that the user may not read. `paths` records the requests."""

    def __init__(
        self,
        objects: dict[str, list[Object]] | None = None,
        logs: dict[str, str] | None = None,
        previous: dict[str, str] | None = None,
        refused: tuple[str, ...] = (),
    ) -> None:
        self.objects, self.refused = objects or {}, refused
        self.logs = {"false": logs or {}, "true": previous or {}}
        self.paths: list[str] = []

    @property
    def cluster(self) -> Cluster:
        return Cluster(self.fetch)

    def fetch(self, path: str) -> str:
        self.paths.append(path)
        parts = urlsplit(path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        steps = parts.path.strip("/").split("/")
        if steps[-1] == "log":
            return self._log(query)
        depth = 2 if steps[0] == "api" else 3
        rest = steps[depth:]
        if not rest:
            return self._discovery("/".join(steps[1:depth]))
        if rest[0] == "namespaces" and len(rest) > 2:
            rest = rest[2:]
        if rest[0] in self.refused:
            raise AskingError(f"its API server answers 403: {rest[0]} is forbidden")
        found = [each for each in self.objects.get(rest[0], []) if _fits(each, query)]
        if len(rest) == 1:
            return json.dumps({"kind": "ConfigMapList", "items": found})
        for each in found:
            if each["metadata"]["name"] == rest[1]:
                return json.dumps(each)
        raise NotFoundError(f"{rest[1]} not found")

    def _log(self, query: dict[str, str]) -> str:
        try:
            return self.logs[query["previous"]][query["container"]]
        except KeyError:
            raise AskingError("its API server answers 400: no such run") from None

    def _discovery(self, version: str) -> str:
        kinds = _RESOURCES[version]
        resources = [
            {"name": plural, "kind": kind, "namespaced": kind not in _WITHOUT_NAMESPACE}
            for kind, plural in kinds.items()
        ]
        return json.dumps({"resources": resources})


def _fits(each: Object, query: dict[str, str]) -> bool:
    for part in filter(None, query.get("fieldSelector", "").split(",")):
        path, _, wanted = part.partition("=")
        value: Any = each
        for key in path.split("."):
            value = value.get(key)
        if value != wanted:
            return False
    labels = each["metadata"].get("labels") or {}
    return all(
        labels.get(key) == wanted
        for key, _, wanted in (
            part.partition("=") for part in query.get("labelSelector", "").split(",") if part
        )
        if not key.startswith("kubernetes.io/")
    )


def pod(name: str = "web-1", **status: Any) -> Object:
    """A pod of the Deployment `web`, with a container `main` and an init container `fetch`."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "models", "labels": {"app": "web"}},
        "spec": {
            "containers": [
                {
                    "name": "main",
                    "image": "example.com/main:1",
                    "resources": {"limits": {"memory": "64Mi"}},
                    "env": [{"name": "TOKEN", "value": "not-to-be-printed"}],
                }
            ],
            "initContainers": [{"name": "fetch", "image": "i"}],
        },
        "status": {"phase": "Pending", "conditions": [{"type": "Ready"}], **status},
    }


def main(**changes: Any) -> list[Object]:
    """The status of a pod's container `main`."""
    status = {"name": "main", "image": "example.com/main:1", "imageID": "", "ready": False}
    return [{**status, "restartCount": 0, **changes}]


def event(reason: str, message: str, **changes: Any) -> Object:
    """A Warning event about the container `main` of the pod `web-1`."""
    about = {"kind": "Pod", "name": "web-1", "fieldPath": "spec.containers{main}"}
    return {
        "metadata": {"name": "e", "creationTimestamp": "2026-01-01T00:00:00Z"},
        "involvedObject": {**about, **changes.pop("about", {})},
        "type": "Warning",
        "reason": reason,
        "message": message,
        **changes,
    }


def deployment(**status: Any) -> Object:
    """A Deployment `web` of one pod, none of which is available."""
    counts = {"replicas": 1, "updatedReplicas": 1, "observedGeneration": 1}
    labels = {"app.kubernetes.io/managed-by": "slipway", "app.kubernetes.io/instance": "web"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "models", "generation": 1, "labels": labels},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"spec": {"volumes": [{"persistentVolumeClaim": {"claimName": "files"}}]}},
        },
        "status": {**counts, **status},
    }


def claim(storage_class: str | None = None, **metadata: Any) -> Object:
    """A claim `files` that is Pending."""
    spec = {} if storage_class is None else {"storageClassName": storage_class}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "files", "namespace": "models", **metadata},
        "spec": spec,
        "status": {"phase": "Pending"},
    }
