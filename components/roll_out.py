"""`rolled_out`: a hook that ends the update of a Deployment once all pods are new and available.

The provider may stop waiting too early. It reads from a watch that other objects of the same update
share. If the watch is a moment behind, the provider takes the Deployment's previous state for
reconciled and the old pods for the new ones (pulumi-kubernetes 4.25, `await/deployment.go`).
"""

from __future__ import annotations

import functools
import time

import pulumi

from components import failure_hook
from why.cluster import AskingError, Cluster, Object, Reference
from why.explain import Explanation, explain
from why.states import condition, state_reasons

_NAME = "slipway-rolled-out"
#: Seconds between two requests for the state of a roll-out.
_PAUSE = 0.5
#: Seconds until the nodes' proxies no longer send calls to a pod that has left its Service:
#: kube-proxy writes its rules at most once a second (`minSyncPeriod`). Until then a call may reach
#: a pod of the previous version.
PROXY_SECONDS = 2.0
#: Seconds from the progress deadline until the Deployment's status reports the failure.
REPORT_SECONDS = 15


@functools.cache
def rolled_out() -> pulumi.ResourceHookBinding:
    """The option `hooks` of every Deployment: this hook and those of every object."""
    hook = pulumi.ResourceHook(_NAME, _after_update)
    return pulumi.ResourceHookBinding(
        after_update=[hook], on_error=failure_hook.explained().on_error
    )


async def _after_update(args: pulumi.ResourceHookArgs) -> None:
    """Fail the update if the roll-out fails, and print the reason."""
    reference = failure_hook.reference_of(args)
    kubeconfig = await failure_hook.kubeconfig()
    if reference is None or not kubeconfig:
        return
    try:
        found = await failure_hook.in_thread(lambda: _wait(kubeconfig, reference))
    except AskingError as error:
        pulumi.log.warn(f"whether {reference} was rolled out is not known: {error}")
        return
    if found is not None:
        await failure_hook.report(args.urn, reference, "update", found)
        raise RuntimeError(f"the roll-out of {reference} failed")


def _wait(kubeconfig: str, reference: Reference) -> Explanation | None:
    """Wait for the roll-out. Returns None if it is complete or the Deployment was deleted, else
    the reason of its failure."""
    from components.api_reader import api_reader

    fetch = api_reader(kubeconfig)
    started = time.monotonic()
    while True:
        cluster = Cluster(fetch)
        live = cluster.get(reference)
        if live is None:
            return None
        if not state_reasons(cluster, live):
            time.sleep(PROXY_SECONDS)
            return None
        deadline = float(live["spec"].get("progressDeadlineSeconds", 600)) + REPORT_SECONDS
        if _failed(live) or time.monotonic() - started > deadline:
            return explain(Cluster(fetch), reference, [])
        time.sleep(_PAUSE)


def _failed(live: Object) -> bool:
    """Whether the controller has given up on the present generation."""
    seen = (live.get("status") or {}).get("observedGeneration", 0)
    progress = condition(live, "Progressing")
    return seen >= live["metadata"]["generation"] and progress.get("status") == "False"
