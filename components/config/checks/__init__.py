"""Checks that compare the maps of a stack file. A new one is a module here and a line in `CHECKS`."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from components.config.checks import (
    addon_names,
    bucket_credentials,
    gateway_host,
    memory,
    model_names,
    models_without_gateway,
    node_images,
    node_pools,
    provider_settings,
    pull_secrets,
    secret_references,
    shared_servers,
    volume_access,
)
from components.config.mistakes import Mistake, below
from components.config.parsed import Parsed
from components.config.parsing import MAPS_OF_NAMES

Check = Callable[[Parsed], Iterable[Mistake]]

CHECKS: tuple[Check, ...] = (
    addon_names.check,
    bucket_credentials.check,
    gateway_host.check,
    memory.check,
    model_names.check,
    models_without_gateway.check,
    node_images.check,
    node_pools.check,
    provider_settings.check,
    pull_secrets.check,
    secret_references.check,
    shared_servers.check,
    volume_access.check,
)


def mistakes(config: Parsed) -> list[Mistake]:
    """What the checks find. Mistakes at values that are left out of `config` are left to the values'
    own mistakes."""
    entries = {f"slipway:{key}.{name}" for key in MAPS_OF_NAMES for name in config.names(key)}
    return [
        found
        for check in CHECKS
        for found in check(config)
        # At an entry it is the name that is wrong, whatever the entry's value is.
        if found.path in entries or not _overlaps(found.path, config.left_out)
    ]


def _overlaps(path: str, left_out: Iterable[str]) -> bool:
    return any(below(path, each) or below(each, path) for each in left_out)
