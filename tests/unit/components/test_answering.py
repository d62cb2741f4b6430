"""Which endpoints and gateways are exported after an operation that failed."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from components import failure_hook
from components.answering import answering, or_none
from components.contracts.routing import Endpoint
from tests.unit.components.engine import run

_ADDRESS = {"target": "203.0.113.7:443"}


def _output(value: Any, *, known: bool = True) -> pulumi.Output[Any]:
    """An output of a resource. It is not `known` if the resource's operation failed."""

    def future(result: Any) -> asyncio.Future[Any]:
        resolved: asyncio.Future[Any] = asyncio.get_event_loop().create_future()
        resolved.set_result(result)
        return resolved

    return pulumi.Output(future(set()), future(value), future(known))


def _endpoint(*, server: bool = True, route: bool = True, address: bool = True) -> Endpoint:
    """An endpoint. The arguments say whether its server, route and address were deployed."""
    return Endpoint(
        runtime="tfserving",
        protocol="tensorflow-serving",
        grpc=_output(_ADDRESS, known=address),
        rest=None,
        server=SimpleNamespace(urn=_output("urn:server"), id=_output("id", known=server)),  # type: ignore[arg-type]
        routes=[SimpleNamespace(id=_output("id", known=route))],  # type: ignore[list-item]
    )


def _exported(endpoint: dict[str, bool], *, preview: bool = False) -> set[str]:
    def program() -> dict[str, Any]:
        return {"endpoints": answering({"model": _endpoint(**endpoint)})}

    return set(run(program, {}, preview=preview).outputs["endpoints"])


@pytest.mark.parametrize("failed", ["server", "route", "address"])
def test_an_endpoint_is_exported_once_all_of_it_is_deployed(failed: str) -> None:
    assert _exported({}) == {"model"}
    assert _exported({failed: False}) == set()


def test_an_endpoint_stays_while_the_previous_version_serves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(failure_hook._failures, "still_serving", {"urn:server"})
    assert _exported({"server": False, "route": False}) == {"model"}
    assert _exported({"server": False, "address": False}) == set()


def test_a_preview_has_every_endpoint() -> None:
    assert _exported({"server": False}, preview=True) == {"model"}


def test_a_gateway_without_an_address_is_no_output() -> None:
    def program() -> dict[str, Any]:
        return {
            "deployed": or_none({"address": _output("a"), "host": "h"}),
            "failed": or_none({"address": _output("a", known=False), "host": "h"}),
        }

    assert run(program, {}).outputs == {"deployed": {"address": "a", "host": "h"}, "failed": None}
