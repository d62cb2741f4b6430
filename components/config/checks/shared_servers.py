"""Checks that the models of one server agree about its options, and that its name is not that of a
model with a server of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from components import registry
from components.config.mistakes import Mistake
from components.config.parsed import Parsed
from components.config.secret_scan import shown
from components.config.values import label


def check(config: Parsed) -> Iterator[Mistake]:
    yield from _disagreements(config)
    yield from _names(config)


def _disagreements(config: Parsed) -> Iterator[Mistake]:
    first: dict[tuple[str, str], tuple[str, str, Any]] = {}
    for model, options in config.models.items():
        server = options.server
        if server is None or options.runtime not in registry.RUNTIMES.kinds():
            continue
        for key in sorted(options.model_fields_set - options.of_one_model):
            value = getattr(options, key)
            name = options.renamed.get(key, key)
            other, other_key, other_value = first.setdefault((server, name), (model, key, value))
            if value != other_value:
                other_shown = config.shown("models", other, other_key)
                yield Mistake(
                    path=f"slipway:models.{model}.{key}",
                    shown=config.shown("models", model, key),
                    expected=f"what `{other}` says of server `{server}` ({other_shown})",
                    fix=f"take `{key}` out of one of the two, or write the same in both"
                    if key != "runtime"
                    else "take `server` out: each has a server of its own then",
                )


def _names(config: Parsed) -> Iterator[Mistake]:
    alone = {label(name): name for name, each in config.models.items() if each.server is None}
    shared: dict[str, str] = {}
    for model, options in config.models.items():
        if options.server is not None:
            shared.setdefault(options.server, model)
    for server in shared.keys() & alone.keys():
        if not config.is_whole("models", alone[server], "server"):
            continue
        yield Mistake(
            path=f"slipway:models.{shared[server]}.server",
            shown=shown(server),
            expected=f"a name that is not that of model `{alone[server]}`",
            fix=f"write another name, or `server: {server}` in `slipway:models.{alone[server]}`",
        )
