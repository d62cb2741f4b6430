"""Fields of Services of type LoadBalancer: of the gateway's controllers, and of exposed servers."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from components.contracts.cluster import Cluster
from components.kubernetes.object import Fields


def load_balancer_address(status: Fields | None, service: str) -> str:
    """The address in the status of `service`: its first host name or IP address, the host name if
    an entry has both.

    Raises `pulumi.RunError` if the status has no address.
    """
    balancer = (status or {}).get("loadBalancer") or {}
    for entry in balancer.get("ingress") or ():
        if entry.get("hostname") or entry.get("ip"):
            return str(entry.get("hostname") or entry["ip"])
    raise pulumi.RunError(
        f"Service `{service}` has no load balancer address; look at its events: "
        f"`kubectl describe service --namespace {service.replace('/', ' ')}`"
    )


def load_balancer_fields(cluster: Cluster, allow: Sequence[str]) -> Fields:
    """The fields of a LoadBalancer Service's spec that depend on the cluster and on `allow`, the
    address ranges that may connect; all may if it is empty."""
    fields: Fields = {"loadBalancerSourceRanges": list(allow)} if allow else {}
    if cluster.load_balancer_class is not None:
        fields["loadBalancerClass"] = cluster.load_balancer_class
    if cluster.external_traffic_policy is not None:
        fields["externalTrafficPolicy"] = cluster.external_traffic_policy
    return fields
