"""What refused a request, from the API server's message."""

from __future__ import annotations

import re
from typing import Final

from why.cluster import AskingError, Cluster, Object, Reference

_GROUP: Final = "admissionregistration.k8s.io/v1"
_CONFIGURATIONS: Final = {
    "validatingwebhookconfigurations": "ValidatingWebhookConfiguration",
    "mutatingwebhookconfigurations": "MutatingWebhookConfiguration",
}
#: `admission webhook "x" denied the request: …`, and `failed calling webhook "x": …`.
_WEBHOOK = re.compile(r'webhook "([^"]+)"')
_QUOTA = re.compile(r"exceeded quota: ([^,\s]+)")
_POD_SECURITY = re.compile(r'violates PodSecurity "([^"]+)"')
_TERMINATING = "because it is being terminated"


def refusal_reasons(cluster: Cluster, message: str, namespace: str | None) -> list[str]:
    """Sentences that name the quota, the webhook, the pod security level or the namespace that refused
    the request. [] for other messages."""
    found = []
    if webhook := _WEBHOOK.search(message):
        found += _webhook(cluster, webhook[1], call_failed="failed calling" in message)
    if quota := _QUOTA.search(message):
        found.append(
            f"ResourceQuota {namespace}/{quota[1]} is used up: raise it, or ask for less in "
            "`resources` and `replicas`"
        )
    if level := _POD_SECURITY.search(message):
        found.append(
            f"namespace {namespace} enforces the pod security level {level[1]}, by its labels "
            "pod-security.kubernetes.io/enforce and …/enforce-version"
        )
    if _TERMINATING in message and namespace:
        found.append(f"namespace {namespace} is being deleted, so nothing can be created in it")
        live = cluster.get(Reference(api_version="v1", kind="Namespace", name=namespace))
        if live:
            found += namespace_remains(live)
    return found


def namespace_remains(live: Object) -> list[str]:
    """What is left in a namespace that is being deleted, from its conditions."""
    return [
        f"{entry.get('reason')}: {entry.get('message')}"
        for entry in (live.get("status") or {}).get("conditions") or []
        if entry.get("status") == "True"
    ]


def _webhook(cluster: Cluster, name: str, *, call_failed: bool) -> list[str]:
    """The configuration of a webhook and the Service behind it. `call_failed`: the webhook did not
    answer."""
    for plural, kind in _CONFIGURATIONS.items():
        try:
            configurations = cluster.objects(_GROUP, plural)
        except AskingError as error:
            return [f"the configuration of webhook {name} cannot be read: {error}"]
        for configuration in configurations:
            for each in configuration.get("webhooks") or []:
                if each.get("name") == name:
                    title = f"{kind} {configuration['metadata']['name']}"
                    return [
                        f"webhook {name} is of {title}{_answered_by(cluster, each, call_failed)}"
                    ]
    return []


def _answered_by(cluster: Cluster, webhook: Object, call_failed: bool) -> str:
    service = (webhook.get("clientConfig") or {}).get("service")
    if not service:
        return ", which calls a server outside of the cluster"
    where = f"{service['namespace']}/{service['name']}"
    if not call_failed:
        return f", and Service {where} answers for it"
    slices = cluster.objects(
        "discovery.k8s.io/v1",
        "endpointslices",
        service["namespace"],
        labelSelector=f"kubernetes.io/service-name={service['name']}",
    )
    ready = sum(
        (endpoint.get("conditions") or {}).get("ready") is not False
        for endpoint_slice in slices
        for endpoint in endpoint_slice.get("endpoints") or []
    )
    return f", and Service {where}, which answers for it, has {ready} ready pods"
