"""What a route may be, and what it requires of a gateway."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from components import registry
from components.config.gateway_options import GatewayOptions, RouteCapability
from components.contracts.routing import HeaderMatch, Route, Weighted
from components.protocols import OPEN_INFERENCE_V2, TENSORFLOW_SERVING
from components.route_check import refuse_unsupported
from tests.unit.components.environment import stack_file

BACKEND: Any = SimpleNamespace(protocol=TENSORFLOW_SERVING)
TRITON: Any = SimpleNamespace(protocol=OPEN_INFERENCE_V2)
#: A change of a route for each of its fields that requires a capability.
REQUIRES: dict[str, tuple[Any, RouteCapability]] = {
    "backends": ([Weighted(backend=BACKEND, percent=50)] * 2, RouteCapability.WEIGHTS),
    "mirror": (BACKEND, RouteCapability.MIRROR),
    "match": ([HeaderMatch(name="x-tier", value="gold")], RouteCapability.HEADER_MATCH),
    "host": ("m.example.com", RouteCapability.HOSTS),
}


def route(**changes: Any) -> Route:
    return dataclasses.replace(Route.to("m", BACKEND), **changes)


def shares(*percents: int) -> list[Weighted]:
    return [Weighted(backend=BACKEND, percent=percent) for percent in percents]


def test_a_route_to_one_backend_requires_nothing() -> None:
    plain = route()
    assert (plain.prefix, plain.requires) == ("/m", frozenset())


@pytest.mark.parametrize("field", REQUIRES)
def test_each_part_of_a_route_requires_its_capability(field: str) -> None:
    value, capability = REQUIRES[field]
    assert route(**{field: value}).requires == {capability}


def test_every_field_of_a_route_requires_a_capability_or_is_served_by_every_gateway() -> None:
    fields = {each.name for each in dataclasses.fields(Route)}
    assert fields - REQUIRES.keys() == {"model", "prefix", "access"}
    assert {capability for _, capability in REQUIRES.values()} == set(RouteCapability)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"backends": shares(90, 5)}, "`backends` have 95 percent in all; expected 100"),
        ({"backends": []}, "`backends` have 0 percent in all; expected 100"),
        (
            {"backends": shares(150, -50)},
            "`backends` have shares of `150`, `-50` percent; expected 0 to 100 each",
        ),
        ({"prefix": "m"}, "`prefix` is `m`; expected `/`"),
        ({"prefix": "/m/"}, "`prefix` is `/m/`; expected `/`"),
        ({"prefix": "/m.*"}, "`prefix` is `/m.*`; expected `/`"),
        ({"prefix": ""}, "`prefix` is empty; expected one, or a `host` of the model's own"),
        (
            {"mirror": TRITON},
            "its servers speak `open-inference-v2`, `tensorflow-serving`; expected one protocol",
        ),
        (
            {"match": [HeaderMatch(name="Tier", value="a"), HeaderMatch(name="tier", value="b")]},
            "`match` has the headers `tier`, `tier`; expected each header once",
        ),
    ],
)
def test_a_route_that_nothing_could_serve_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        route(**changes)
    assert str(caught.value).startswith(f"route of model `m`: {message}")


@pytest.mark.parametrize(
    "changes",
    [
        {"backends": shares(90, 10)},
        {"backends": shares(100, 0)},
        {"prefix": "/team-a/m_1"},
        {"prefix": "", "host": "m.example.com"},
    ],
)
def test_a_route_that_a_gateway_can_serve_is_taken(changes: dict[str, Any]) -> None:
    assert route(**changes).model == "m"


def nginx() -> GatewayOptions:
    return registry.GATEWAYS.options("nginx").model_validate(stack_file()["gateway"])


@pytest.mark.parametrize("field", REQUIRES)
def test_the_nginx_gateway_is_refused_what_it_would_ignore(field: str) -> None:
    value, capability = REQUIRES[field]
    with pytest.raises(pulumi.RunError) as caught:
        refuse_unsupported(route(**{field: value}), nginx(), exposed=False)
    assert str(caught.value) == (
        f"slipway:gateway.kind is `nginx`, which lacks {capability.value}; the route of model `m` "
        "requires that; expected a kind that has it, and none is registered; "
        "fix: take that out of the route"
    )


def test_an_exposed_model_has_a_plain_route_and_no_other() -> None:
    refuse_unsupported(route(), nginx(), exposed=True)
    with pytest.raises(pulumi.RunError) as caught:
        refuse_unsupported(route(mirror=BACKEND), nginx(), exposed=True)
    assert str(caught.value) == (
        "slipway:models.m.expose is set, and a load balancer lacks a mirror of all calls; the "
        "route of model `m` requires that; expected a model behind the gateway; "
        "fix: take `expose` out"
    )
