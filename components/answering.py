"""The outputs of endpoints that answer. After a failed operation, `pulumi up --continue-on-error`
exports the outputs of all others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components.contracts.routing import Endpoint
from components.failure_hook import still_serves


def answering(endpoints: Mapping[str, Endpoint]) -> pulumi.Output[dict[str, Any]]:
    """The outputs of the endpoints whose server and routes were deployed, by the models' names. An
    endpoint stays if its server failed to update while pods of the previous version serve. A
    preview has all endpoints."""

    async def outputs() -> dict[str, Any]:
        everything = pulumi.runtime.is_dry_run()
        return {
            model: endpoint.outputs()
            for model, endpoint in endpoints.items()
            if everything or await _answers(endpoint)
        }

    return pulumi.Output.from_input(outputs())


def or_none(value: Mapping[str, pulumi.Input[Any]]) -> pulumi.Output[Any]:
    """`value`, or None if an operation that it depends on failed. The engine would export a
    placeholder that looks like a value."""
    output = pulumi.Output.from_input(dict(value))

    async def known() -> Any:
        return output if pulumi.runtime.is_dry_run() or await output.is_known() else None

    return pulumi.Output.from_input(known())


async def _answers(endpoint: Endpoint) -> bool:
    address = pulumi.Output.from_input([endpoint.grpc, endpoint.rest])
    if not await address.is_known():
        return False
    if not await endpoint.server.id.is_known():
        urn = await endpoint.server.urn.future()
        return urn is not None and still_serves(urn)
    for route in endpoint.routes:
        if not await route.id.is_known():
            return False
    return True
