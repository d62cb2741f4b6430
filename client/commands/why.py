"""`why`: shows what is not ready on the cluster, and the reason."""

import argparse
from collections.abc import Iterable

from client.errors import ClusterError
from client.forward import kubeconfig
from client.kubectl import raw
from client.table import coloured
from why.cluster import AskingError, Cluster, Object
from why.deletion import deletion_reasons
from why.explain import object_reasons

_SELECTOR = "app.kubernetes.io/managed-by=slipway"
_INSTANCE = "app.kubernetes.io/instance"
#: Each request starts kubectl. A server that is not ready needs about ten requests.
_SECONDS = 120.0


def run(options: argparse.Namespace) -> int:
    """Print each object with the reasons why it is not ready. The exit code is 1 if there are any."""
    with kubeconfig(options) as config:
        cluster = Cluster(raw(config), _SECONDS)
        try:
            failed = [_show(cluster, live) for live in _objects(cluster, options.model)]
        except AskingError as error:
            raise ClusterError(
                f"The cluster cannot be asked: {error}.",
                'See that it runs and the kubeconfig is its own (`eval "$(make -s env)"`).',
            ) from error
    return int(any(failed))


def _objects(cluster: Cluster, model: str | None) -> Iterable[Object]:
    """Yields the Deployment of `model`, or those of all models and the gateway, each after its claims.
    Without `model`, it also yields the other unbound claims in their namespaces, and the claims and
    namespaces that are being deleted. Raises ClusterError."""
    servers = cluster.objects("apps/v1", "deployments", labelSelector=_SELECTOR)
    if model is not None:
        chosen = [each for each in servers if _instance(each) == _label(model)]
        if not chosen:
            known = ", ".join(sorted(map(_instance, servers))) or "none"
            raise ClusterError(
                f"The cluster has no server {_label(model)!r}; its servers are: {known}.",
                "Name one of these: models that share a server have the name of their `server`.",
            )
        servers = chosen
    seen: set[tuple[str, str]] = set()
    for server in servers:
        for claim in _claims(cluster, server):
            key = (claim["metadata"]["namespace"], claim["metadata"]["name"])
            if key not in seen:
                yield claim
            seen.add(key)
        yield server
    if model is None:
        for namespace in sorted({each["metadata"]["namespace"] for each in servers}):
            for claim in cluster.objects("v1", "persistentvolumeclaims", namespace):
                unbound = (claim.get("status") or {}).get("phase") != "Bound"
                deleting = "deletionTimestamp" in claim["metadata"]
                if unbound and not deleting and (namespace, claim["metadata"]["name"]) not in seen:
                    yield claim
        yield from _being_deleted(cluster)


def _claims(cluster: Cluster, server: Object) -> Iterable[Object]:
    """The PersistentVolumeClaims that a server's pods mount."""
    volumes = server["spec"]["template"]["spec"].get("volumes") or []
    names = [(each.get("persistentVolumeClaim") or {}).get("claimName") for each in volumes]
    if any(names):
        namespace = server["metadata"]["namespace"]
        for claim in cluster.objects("v1", "persistentvolumeclaims", namespace):
            if claim["metadata"]["name"] in names:
                yield claim


def _being_deleted(cluster: Cluster) -> Iterable[Object]:
    """Namespaces and claims that are being deleted."""
    for plural in ("namespaces", "persistentvolumeclaims"):
        for live in cluster.objects("v1", plural):
            if "deletionTimestamp" in live["metadata"]:
                yield live


def _show(cluster: Cluster, live: Object) -> bool:
    """Prints one object. Returns whether there is a reason why it is not ready."""
    metadata = live["metadata"]
    name = (
        f"{metadata['namespace']}/{metadata['name']}"
        if "namespace" in metadata
        else metadata["name"]
    )
    reasons = object_reasons(cluster, live)
    state = coloured("not ready", "bad") if reasons else coloured("ready", "good")
    if deletion_reasons(cluster, live):
        state = coloured("being deleted", "bad")
    print(f"{live['kind']} {name}: {state}")
    for reason in reasons:
        print(f"    {reason}")
    return bool(reasons)


def _instance(live: Object) -> str:
    return str(live["metadata"]["labels"].get(_INSTANCE))


def _label(model: str) -> str:
    return model.lower().replace("_", "-")
