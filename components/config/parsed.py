"""`Parsed`: what the checks compare."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.config.addons import AddonChoice
from components.config.cluster_options import ClusterOptions
from components.config.gateway_options import GatewayOptions
from components.config.images_options import ImagesOptions
from components.config.limits_options import LimitsOptions
from components.config.mistakes import below, key_path
from components.config.model_options import ModelOptions
from components.config.provider_keys import Settings
from components.config.secret_scan import shown
from components.config.volume_options import VolumeOptions


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """A stack file without the values that have a mistake of their own.

    `cluster`, `gateway`, `namespace` and `limits` are None where any value in them has one. Models,
    volumes and add-ons are parsed one by one.
    """

    cluster: ClusterOptions | None
    cluster_kind: str | None
    """The kind that the stack file names, if it is registered"""
    cluster_values: Mapping[str, Any]
    """The values of `cluster` by key, also where it is None: those without a mistake"""
    gateway: GatewayOptions | None
    namespace: str | None
    models: Mapping[str, ModelOptions]
    volumes: Mapping[str, VolumeOptions]
    addons: Mapping[str, AddonChoice]
    metrics: AddonChoice | None
    chosen_addons: Mapping[str, AddonChoice]
    """`addons`, and the one that `metrics` is the old name of"""
    images: ImagesOptions
    limits: LimitsOptions | None
    settings: Mapping[str, Settings]
    """Settings of providers, by package"""
    left_out: frozenset[str] = frozenset()
    """Paths of the values that have a mistake of their own"""
    raw: Mapping[str, Any] = field(repr=False)
    """The stack file, of which checks quote values through `shown`"""
    keys: Mapping[int, Collection[str]] = field(repr=False)
    """The keys that the options of a map have, by the map's id"""

    def names(self, key: str) -> Sequence[str]:
        """The names in the map at a top-level key, those of entries with mistakes included."""
        entries = self.raw.get(key)
        return list(entries) if isinstance(entries, dict) else []

    def shown(self, *location: str) -> str:
        """The value at `location` as the stack file has it, in one short line."""
        value: Any = self.raw
        for key in location:
            value = value[key]
        return shown(value, self.keys)

    def is_whole(self, *location: str) -> bool:
        """Whether no value at `location` and below it is left out."""
        path = key_path(location)
        return not any(below(each, path) or below(path, each) for each in self.left_out)
