"""`plan`: the add-ons that a stack installs or adopts, in order, each with its reasons.

Pure data: nothing is registered, and no component of an add-on is imported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Protocol

from components import registry
from components.config.addon_options import AddonOptions, Capability, PresentOptions

if TYPE_CHECKING:
    from components.config.cluster_options import ClusterOptions
    from components.config.gateway_options import GatewayOptions
    from components.config.model_options import ModelOptions

_Choice = AddonOptions | PresentOptions


@dataclass(frozen=True, kw_only=True)
class PlannedAddon:
    """An add-on, and the keys of the stack file that need its capabilities. There are none if the
    stack file only names it."""

    name: str
    options: _Choice
    reasons: Sequence[str]

    @property
    def provides(self) -> frozenset[Capability]:
        """The capabilities of the cluster once the add-on is ready."""
        return registry.ADDONS.options(self.name).provides

    @property
    def requires(self) -> frozenset[Capability]:
        """The capabilities that the cluster has to have before it."""
        return _requires(self.options)


class Needs(Protocol):
    """The parts of a stack file that need add-ons."""

    @property
    def cluster(self) -> ClusterOptions | None: ...
    @property
    def gateway(self) -> GatewayOptions | None: ...
    @property
    def models(self) -> Mapping[str, ModelOptions]: ...
    @property
    def addons(self) -> Mapping[str, _Choice]: ...
    @property
    def chosen_addons(self) -> Mapping[str, _Choice]:
        """`addons`, and the one that `slipway:metrics` is the old name of."""
        ...


def plan(config: Needs) -> list[PlannedAddon]:
    """The add-ons of `config`: those that it names, and the default one for each capability that
    is needed. Of a capability that the cluster comes with the default one is taken as present. An
    add-on comes after those that it requires."""
    chosen: dict[str, _Choice] = dict(config.chosen_addons)
    reasons: dict[str, list[str]] = {name: [] for name in chosen}
    needs = [*_needs(config), *(each for name in chosen for each in _own(name, chosen[name]))]
    provided = frozenset() if config.cluster is None else config.cluster.provides
    for capability, key in needs:  # grows by the needs of add-ons that are added
        name = provider(capability, chosen)
        if name not in chosen:
            chosen[name] = _default(name, present=capability in provided)
            reasons[name] = []
            needs.extend(_own(name, chosen[name]))
        if key not in reasons[name]:
            reasons[name].append(key)
    return [
        PlannedAddon(name=name, options=chosen[name], reasons=tuple(reasons[name]))
        for name in _ordered(chosen)
    ]


def provider(capability: Capability, chosen: Mapping[str, _Choice]) -> str:
    """The add-on that provides `capability`: one of `chosen`, or else the first registered one.
    Every capability has one."""
    able = [
        name
        for name in registry.ADDONS.entries
        if capability in registry.ADDONS.options(name).provides
    ]
    return next((name for name in able if name in chosen), able[0])


def _needs(config: Needs) -> list[tuple[Capability, str]]:
    """The capabilities that the stack file needs, each with the key that needs it."""
    found: list[tuple[Capability, str]] = []
    if config.cluster is not None:
        found += [(each, "slipway:cluster") for each in sorted(config.cluster.requires)]
    if config.gateway is not None:
        found += [(each, "slipway:gateway") for each in sorted(config.gateway.requires)]
    for model, options in config.models.items():
        for capability, key in {**options.requires, **options.uses}.items():
            found.append((capability, f"slipway:models.{model}.{key}"))
    return found


def _own(name: str, options: _Choice) -> list[tuple[Capability, str]]:
    return [(each, f"slipway:addons.{name}") for each in sorted(_requires(options))]


def _requires(options: _Choice) -> frozenset[Capability]:
    """The capabilities that an add-on requires; none if the cluster has the add-on already."""
    return options.requires if isinstance(options, AddonOptions) else frozenset()


def _default(name: str, *, present: bool) -> _Choice:
    if present:
        return PresentOptions(kind="present")
    return registry.ADDONS.options(name).model_validate({})


def _ordered(chosen: Mapping[str, _Choice]) -> list[str]:
    """Raises `graphlib.CycleError` where add-ons require each other."""
    graph: dict[str, set[str]] = {}
    for name, options in chosen.items():
        graph[name] = {provider(each, chosen) for each in _requires(options)}
    return list(TopologicalSorter(graph).static_order())
