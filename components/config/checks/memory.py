"""Checks that one request of the largest size fits the memory limit of its server."""

from __future__ import annotations

from collections.abc import Iterator

from components.config.mistakes import Mistake
from components.config.parsed import Parsed
from components.config.quantities import byte_count
from components.config.secret_scan import shown
from components.config.servers import merged_server_options, servers

_MEBIBYTE = 2**20


def check(config: Parsed) -> Iterator[Mistake]:
    if config.limits is None:
        return
    largest = byte_count(config.limits.message_size)
    for members in servers(config.models).values():
        options = merged_server_options(list(members.values()))
        limit = options.resources.limits.memory
        needed = options.memory_per_message_byte * largest
        if limit is None or byte_count(limit) >= needed:
            continue
        model = next(
            (name for name, each in members.items() if each.resources.limits.memory),
            next(iter(members)),
        )
        fits = byte_count(limit) // options.memory_per_message_byte // _MEBIBYTE
        lower = f", or write `message_size: {fits}Mi` in `slipway:limits`" if fits else ""
        yield Mistake(
            path=f"slipway:models.{model}.resources.limits.memory",
            shown=shown(limit),
            expected=f"at least `{-(-needed // _MEBIBYTE)}Mi`: a request of "
            f"`slipway:limits.message_size` ({config.limits.message_size}) in JSON takes "
            f"{options.memory_per_message_byte} times its size",
            fix=f"write `{-(-needed // _MEBIBYTE)}Mi`{lower}",
        )
