"""Stack outputs of what answers: after an operation that failed, `pulumi up --continue-on-error`
exports all the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components.contracts.routing import Endpoint
from components.failure_hook import still_serves


def answering(endpoints: Mapping[str, Endpoint]) -> pulumi.Output[dict[str, Any]]:
    """The outputs of those endpoints whose server and routes were deployed, by the models' names.
    One stays whose server failed to change while pods of the version before serve. A preview has
    all of them."""

    async def found() -> dict[str, Any]:
        everything = pulumi.runtime.is_dry_run()
        return {
            model: endpoint.outputs()
            for model, endpoint in endpoints.items()
            if everything or await _answers(endpoint)
        }

    return pulumi.Output.from_input(found())


def or_none(value: Mapping[str, pulumi.Input[Any]]) -> pulumi.Output[Any]:
    """`value`; None where an operation that it depends on failed, for which the engine would export
    a placeholder that looks like a value."""
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
