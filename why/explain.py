"""`explain`: why one object is not ready, was refused, or is not deleted."""

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
    """`live` is the object as the cluster has it now, or None. `reasons` are sentences; [] if the
    cluster shows no reason."""

    live: Object | None
    reasons: list[str]


def explain(cluster: Cluster, reference: Reference, errors: Sequence[str] = ()) -> Explanation:
    """Reads the reasons for one object from the cluster. `errors` are the messages of the failed
    operation. A read that fails is reported as a sentence, so this never raises `AskingError`."""
    live, found = None, []
    try:
        for error in errors:
            found += refusal_reasons(cluster, error, reference.namespace)
        live = cluster.get(reference)
        if live is not None:
            # Only a single object has `apiVersion` and `kind`; the items of a list do not.
            live = {"apiVersion": reference.api_version, "kind": reference.kind, **live}
            found += object_reasons(cluster, live)
    except AskingError as error:
        found.append(f"the cluster cannot be asked for the reason: {error}")
    return Explanation(live, list(dict.fromkeys(found)))


def object_reasons(cluster: Cluster, live: Object) -> list[str]:
    """Sentences about an existing object. Raises `AskingError`."""
    if deleted := deletion_reasons(cluster, live):
        return deleted
    found = state_reasons(cluster, live)
    return found + pod_reasons(cluster, live, known=found)
