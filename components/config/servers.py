"""Which models share a server, and what they say of it together."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from components import registry
from components.config.checks import label
from components.config.model_options import ModelOptions
from components.config.report import Mistake
from components.config.secret_scan import shown


def servers(models: Mapping[str, ModelOptions]) -> dict[str, dict[str, ModelOptions]]:
    """The models of each server, by the server's Kubernetes name: what `server` says, or for a
    model with a server of its own the model's."""
    found: dict[str, dict[str, ModelOptions]] = {}
    for model, options in models.items():
        found.setdefault(options.server or label(model), {})[model] = options
    return found


def merged_server_options(members: Sequence[ModelOptions]) -> ModelOptions:
    """What is said of a server, by whichever of its models says it."""
    first, *others = members
    said = {
        key: getattr(options, key)
        for options in others
        for key in options.model_fields_set - options.of_one_model
    }
    return first.model_copy(update=said)


def disagreements(raw: Mapping[str, Any], keys: Mapping[int, Collection[str]]) -> Iterator[Mistake]:
    """Models of one server that say different things of it, and servers named like a model that
    has one of its own. `keys` are those that the options of a map know, by the map's id."""
    models = raw.get("models")
    told: dict[tuple[str, str], tuple[str, Any]] = {}
    alone: dict[str, str] = {}
    shared: dict[str, str] = {}
    for model, options in models.items() if isinstance(models, dict) else ():
        if not isinstance(options, dict):
            continue
        server = options.get("server")
        if not isinstance(server, str):
            alone[label(model)] = model
            continue
        shared.setdefault(server, model)
        runtime = options.get("runtime")
        if runtime not in registry.RUNTIMES.kinds():
            continue
        model_options = registry.RUNTIMES.options(runtime)
        for key in options.keys() - model_options.of_one_model:
            name = model_options.renamed.get(key, key)
            other, value = told.setdefault((server, name), (model, options[key]))
            if value != options[key]:
                yield Mistake(
                    path=f"slipway:models.{model}.{key}",
                    shown=shown(options[key], keys),
                    expected=f"what `{other}` says of server `{server}` ({shown(value, keys)})",
                    fix=f"take `{key}` out of one of the two, or write the same in both"
                    if key != "runtime"
                    else "take `server` out: each has a server of its own then",
                )
    for server in shared.keys() & alone.keys():
        yield Mistake(
            path=f"slipway:models.{shared[server]}.server",
            shown=shown(server),
            expected=f"a name that is not that of model `{alone[server]}`",
            fix=f"write another name, or `server: {server}` in `slipway:models.{alone[server]}`",
        )
