"""`explain`: why one object is not ready, was refused, or does not go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from why.cluster import AskingError, Cluster, Object, Reference
from why.deletion import deletion_reasons
from why.pods import pod_reasons
from why.refusals import refusal_reasons
from why.states import state_reasons


@dataclass(frozen=True)
class Explanation:
    """`live` is the object as it is now, None where there is none; `reasons` are sentences, []
    where the cluster shows no reason."""

    live: Object | None
    reasons: list[str]


def explain(cluster: Cluster, reference: Reference, errors: Sequence[str] = ()) -> Explanation:
    """Asks the cluster about one object. `errors` are messages of the operation that failed. What
    cannot be asked is said in a sentence; this never raises `AskingError`."""
    live, found = None, []
    try:
        for error in errors:
            found += refusal_reasons(cluster, error, reference.namespace)
        live = cluster.get(reference)
        if live is not None:
            # A list's items and a single answer differ in whether they say what they are.
            live = {"apiVersion": reference.api_version, "kind": reference.kind, **live}
            found += object_reasons(cluster, live)
    except AskingError as error:
        found.append(f"the cluster cannot be asked for the reason: {error}")
    return Explanation(live, list(dict.fromkeys(found)))


def object_reasons(cluster: Cluster, live: Object) -> list[str]:
    """Sentences about an object that is there. Raises `AskingError`."""
    if deleted := deletion_reasons(cluster, live):
        return deleted
    found = state_reasons(cluster, live)
    return found + pod_reasons(cluster, live, known=found)
