"""A gateway kind is options, a component and a registry line; its capabilities say which routes it
gets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import pulumi
import pytest

from components import registry
from components.config.gateway_options import GatewayOptions, RouteCapability
from components.config.load import load
from components.contracts.routing import Endpoint, GatewayArgs, Route, Weighted
from components.kubernetes.object import Fields
from components.schema import schema
from components.stack import deploy
from tests.unit.components.engine import Recording, run
from tests.unit.components.environment import model, stack_file


class PlainOptions(GatewayOptions):
    """A gateway kind of this test."""

    kind: Literal["plain"]
    color: str = "red"


class WeighingOptions(GatewayOptions):
    """Another one, which splits the calls of a model."""

    capabilities: ClassVar[frozenset[RouteCapability]] = frozenset({RouteCapability.WEIGHTS})

    kind: Literal["weighing"]


class PlainGateway(pulumi.ComponentResource):
    """Keeps the routes that it is given."""

    routes: ClassVar[list[Route]] = []

    def __init__(
        self, name: str, options: GatewayOptions, args: GatewayArgs, opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("slipway:gateway:PlainGateway", name, None, opts)
        self.address = pulumi.Output.from_input("192.0.2.1")
        self.host = pulumi.Output.from_input(options.host or "192.0.2.1")
        self.ca_certificate: pulumi.Output[str | None] = pulumi.Output.from_input(None)
        self.allowed_peers: Sequence[Fields] = [{"podSelector": {"matchLabels": {"app": "plain"}}}]
        self.register_outputs({})

    def route(self, route: Route, opts: pulumi.ResourceOptions) -> Endpoint:
        self.routes.append(route)
        backend = route.backends[0].backend
        url = f"http://192.0.2.1{route.prefix}"
        return Endpoint(
            runtime=backend.runtime,
            protocol=backend.protocol.name,
            grpc=None,
            rest=pulumi.Output.from_input({"url": url, "connect_to": "192.0.2.1:80"}),
            server=backend.server,
        )


class WeighingGateway(PlainGateway):
    """The same, for the other kind."""


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The registry lines of both kinds."""
    for kind in ("Plain", "Weighing"):
        line = registry.Kind(f"{__name__}:{kind}Options", f"{__name__}:{kind}Gateway")
        monkeypatch.setitem(registry.GATEWAYS.entries, kind.lower(), line)
    monkeypatch.setattr(PlainGateway, "routes", [])


def up(gateway: dict[str, Any], **changes: Any) -> Recording:
    return run(lambda: deploy(load()), stack_file(gateway=gateway, **changes))


@pytest.fixture
def split(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every model is routed to two backends."""

    def to(model: str, backend: Any) -> Route:
        backends = [Weighted(backend=backend, percent=percent) for percent in (90, 10)]
        return Route(model=model, prefix=f"/{model}", backends=backends)

    monkeypatch.setattr(Route, "to", to)


def test_a_new_kind_gets_the_routes_of_all_models() -> None:
    models = {"a": model(), "b": model(server="shared"), "c": model(server="shared")}
    recording = up({"kind": "plain", "host": "models.example.com"}, models=models)
    assert sorted(each.prefix for each in PlainGateway.routes) == ["/a", "/b", "/c"]
    endpoints = recording.outputs["endpoints"]
    assert {name: each["rest"]["url"] for name, each in endpoints.items()} == {
        name: f"http://192.0.2.1/{name}" for name in models
    }
    assert recording.outputs["gateway"]["host"] == "models.example.com"
    assert recording.of("Ingress") == []


def test_the_peers_of_a_new_kind_may_call_the_models() -> None:
    policy = up({"kind": "plain"}).one("NetworkPolicy", "half-plus-two-callers").inputs
    (ingress,) = policy["spec"]["ingress"]
    assert ingress["from"] == [{"podSelector": {"matchLabels": {"app": "plain"}}}]


def test_a_new_kind_is_in_the_schema_with_what_every_gateway_has() -> None:
    gateway = schema()["properties"]["config"]["properties"]["slipway:gateway"]
    keys = {each["properties"]["kind"]["const"]: each["properties"] for each in gateway["oneOf"]}
    assert keys.keys() == {"nginx", "plain", "weighing"}
    assert keys["plain"].keys() == {"kind", "host", "allow", "tls", "color"}


@pytest.mark.usefixtures("split")
def test_a_kind_without_weights_is_refused_a_split_and_the_kinds_with_them_are_named() -> None:
    for kind in ("plain", "nginx"):
        with pytest.raises(pulumi.RunError) as caught:
            up({"kind": kind})
        assert str(caught.value) == (
            f"slipway:gateway.kind is `{kind}`, which lacks weights between backends; the route of "
            "model `half_plus_two` requires that; expected `weighing`; fix: choose one of these"
        )
    assert PlainGateway.routes == []


@pytest.mark.usefixtures("split")
def test_a_kind_with_weights_gets_a_route_to_two_backends() -> None:
    recording = up({"kind": "weighing"})
    (route,) = PlainGateway.routes
    assert [each.percent for each in route.backends] == [90, 10]
    assert "half_plus_two" in recording.outputs["endpoints"]


@pytest.mark.usefixtures("split")
def test_a_split_of_an_exposed_model_is_refused_whatever_the_gateway_can_do() -> None:
    exposed = model(expose={"kind": "load_balancer", "port": 9090})
    with pytest.raises(pulumi.RunError, match=r"models\.half_plus_two\.expose is set"):
        up({"kind": "weighing"}, models={"half_plus_two": exposed})
