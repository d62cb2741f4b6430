"""Reads the API server that stands in for a cluster."""

from __future__ import annotations

import json
import ssl
import urllib.request
from collections.abc import Mapping

_TIMEOUT = 10.0


def leftovers(api: Mapping[str, str]) -> list[str]:
    """Services with a load balancer, and claims with a disk. Only the cluster's controllers would
    delete these in the cloud, so they must be gone before the cluster is. Raises OSError if the API
    does not answer."""
    services = _items(api, "/api/v1/services")
    balancers = [each for each in services if each["spec"].get("type") == "LoadBalancer"]
    claims = [
        each
        for each in _items(api, "/api/v1/persistentvolumeclaims")
        if each["status"].get("phase") == "Bound"
    ]
    return [
        f"{kind} {each['metadata']['namespace']}/{each['metadata']['name']}"
        for kind, objects in (("Service", balancers), ("PersistentVolumeClaim", claims))
        for each in objects
    ]


def _items(api: Mapping[str, str], path: str) -> list[dict[str, dict[str, str]]]:
    request = urllib.request.Request(
        f"{api['url']}{path}", headers={"Authorization": f"Bearer {api['token']}"}
    )
    context = ssl.create_default_context(cadata=api["ca"])
    with urllib.request.urlopen(request, context=context, timeout=_TIMEOUT) as response:
        items: list[dict[str, dict[str, str]]] = json.load(response)["items"]
    return items
