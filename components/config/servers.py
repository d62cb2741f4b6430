"""Which models share a server, and the options of each server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from components.config.model_options import ModelOptions
from components.config.values import label


def servers(models: Mapping[str, ModelOptions]) -> dict[str, dict[str, ModelOptions]]:
    """The models of each server, by the server's Kubernetes name: the value of `server`, or the name
    of a model that has a server of its own."""
    found: dict[str, dict[str, ModelOptions]] = {}
    for model, options in models.items():
        found.setdefault(options.server or label(model), {})[model] = options
    return found


def merged_server_options(members: Sequence[ModelOptions]) -> ModelOptions:
    """Merges the server-level options of all models on a server."""
    first, *others = members
    merged = {
        key: getattr(options, key)
        for options in others
        for key in options.model_fields_set - options.of_one_model
    }
    return first.model_copy(update=merged)
