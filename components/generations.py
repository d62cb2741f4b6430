"""`Generations`: how a model leaves a shared server without failed calls.

A model's route has to be deleted before the server runs without the model. The engine deletes after
all other operations of an update, in reverse order of creation. So a server that loses a model is
replaced by a new generation: new pods with a Service of their own are created, and the routes of
the remaining models move to that Service. Then, in this order, the route of the leaving model and
the old Deployment and Service are deleted. A server that only gains models is updated in place,
since routes depend on it.

Only the stack's state records which models a server had, so the stack reads its own outputs.
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi.runtime.invoke import invoke_async

from components.config.model_options import ModelOptions
from components.config.servers import merged_server_options

#: The label of pods that has their generation.
LABEL = "slipway.dev/generation"
_FIRST = "0"
#: The engine's own function for the outputs of a stack.
READ_OUTPUTS = "pulumi:pulumi:readStackOutputs"
#: How often the outputs are read until that fails the update, and the seconds in between.
_READS, _PAUSE = 20, 0.25


class Generations:
    """The generation of each shared server. `outputs` is for the next update: each server's
    `models` and `generation`, by the server's name. It is empty if no models share a server."""

    def __init__(self, servers: Mapping[str, Mapping[str, ModelOptions]]) -> None:
        self._shared = {
            name: members
            for name, members in servers.items()
            if any(options.server for options in members.values())
        }
        self._found: dict[str, pulumi.Output[str]] = {}
        if self._shared:
            before = _own_outputs()
            for name, members in self._shared.items():
                generation = functools.partial(_generation, server=name, members=members)
                self._found[name] = before.apply(generation)

    def of(self, server: str) -> pulumi.Output[str] | None:
        """The generation of `server`, None for the server of a single model."""
        return self._found.get(server)

    @property
    def outputs(self) -> dict[str, Any]:
        return {
            name: {"models": sorted(members), "generation": self._found[name]}
            for name, members in self._shared.items()
        }


def _own_outputs() -> pulumi.Output[Mapping[str, Any]]:
    return pulumi.Output.from_input(_read())


async def _read() -> Mapping[str, Any]:
    """The output `servers` of the last update. A StackReference would fail the update if the engine
    is just writing the state, whose file is empty for a moment; a failed call can be repeated."""
    for _ in range(_READS - 1):
        try:
            return await _read_once()
        except Exception:  # noqa: BLE001 (the SDK raises nothing narrower)
            await asyncio.sleep(_PAUSE)
    return await _read_once()


async def _read_once() -> Mapping[str, Any]:
    own = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    found = await invoke_async(READ_OUTPUTS, {"name": own})
    servers: Mapping[str, Any] = (found or {}).get("outputs", {}).get("servers") or {}
    return servers


def _generation(before: Mapping[str, Any], server: str, members: Mapping[str, ModelOptions]) -> str:
    found = before.get(server)
    if found is None:
        return _FIRST
    options = merged_server_options(list(members.values()))
    # Without surge there is no room for a second set of pods. With an autoscaler a second set would
    # start with the autoscaler's minimum.
    in_place = not options.surge or options.replicas.scales
    return next_generation(found["models"], str(found["generation"]), sorted(members), in_place)


def next_generation(
    before: Sequence[str], generation: str, models: Sequence[str], in_place: bool
) -> str:
    """The generation of a server that had the models `before` in `generation`. A generation is a
    number and a digest of the models that it began with. A failed update that is repeated with the
    same models has the same generation, and one with other models has another."""
    if in_place or set(before) <= set(models):
        return generation
    number = int(generation.partition("-")[0]) + 1
    return f"{number}-{hashlib.sha256('/'.join(models).encode()).hexdigest()[:8]}"
