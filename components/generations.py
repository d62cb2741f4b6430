"""`Generations`: the pods of a shared server that belong together while a model leaves it.

A model's route has to go before the server runs without the model. The engine deletes after all
other changes of an update, in reverse order of making. So a server that loses a model is replaced:
its new pods and their Service are made, the routes of the other models move there, and then go, in
this order, the route of the model that leaves, and the old Deployment and Service. Where a model
only joins, the Deployment is updated in place, since routes come after it.

Only the state knows which models a server had. The stack reads its own outputs for that.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components.config.model_options import ModelOptions
from components.config.servers import merged_server_options

#: The label that tells the pods of one generation from those of another.
LABEL = "slipway.dev/generation"
_FIRST = "0"


class Generations:
    """`outputs` is what the next update reads, by the server's name: its `models` and
    `generation`. Empty where no models share a server."""

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
    own = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    servers = pulumi.StackReference("servers", own).get_output("servers")
    return servers.apply(lambda found: found or {})


def _generation(before: Mapping[str, Any], server: str, members: Mapping[str, ModelOptions]) -> str:
    found = before.get(server)
    if found is None:
        return _FIRST
    options = merged_server_options(list(members.values()))
    # There is no room for a second set of pods, or it would begin with the fewest of an autoscaler.
    in_place = not options.surge or options.replicas.scales
    return next_generation(found["models"], str(found["generation"]), sorted(members), in_place)


def next_generation(
    before: Sequence[str], generation: str, models: Sequence[str], in_place: bool
) -> str:
    """The generation of a server that had the models `before` in `generation`. A number, and which
    models it began with: an update that failed is begun anew with the same, or with another set."""
    if in_place or set(before) <= set(models):
        return generation
    number = int(generation.partition("-")[0]) + 1
    return f"{number}-{hashlib.sha256('/'.join(models).encode()).hexdigest()[:8]}"
