"""Refuses a route that the gateway cannot serve whole: no part of a route is ever ignored."""

from __future__ import annotations

import pulumi

from components import registry
from components.config.gateway_options import GatewayOptions, RouteCapability
from components.config.options import listed
from components.contracts.routing import Route


def refuse_unsupported(route: Route, gateway: GatewayOptions, *, exposed: bool) -> None:
    """Raises `pulumi.RunError` if `route` requires a capability that this kind of gateway does not
    have. A model that is `exposed` has a load balancer of its own, which has no capability."""
    offered = frozenset() if exposed else gateway.capabilities
    missing = [each for each in RouteCapability if each in route.requires - offered]
    if not missing:
        return
    lacks = f"lacks {' and '.join(missing)}; the route of model `{route.model}` requires that"
    if exposed:
        raise pulumi.RunError(
            f"slipway:models.{route.model}.expose is set, and a load balancer {lacks}; "
            "expected a model behind the gateway; fix: take `expose` out"
        )
    able = [
        kind
        for kind in registry.GATEWAYS.kinds()
        if route.requires <= registry.GATEWAYS.options(kind).capabilities
    ]
    expected, fix = (
        (listed(able), "choose one of these")
        if able
        else ("a kind that has it, and none is registered", "take that out of the route")
    )
    raise pulumi.RunError(
        f"slipway:gateway.kind is `{gateway.kind}`, which {lacks}; expected {expected}; fix: {fix}"
    )
