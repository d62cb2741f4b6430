"""`InstalledAddons`: the add-ons of a plan, on a cluster."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pulumi

from components import registry
from components.addons.present import PresentAddon
from components.config.addon_options import AddonOptions, Capability
from components.config.plan import PlannedAddon
from components.contracts.addon import Addon, AddonArgs


class InstalledAddons:
    """The add-ons of a stack, by the capabilities that they provide."""

    def __init__(
        self, plan: Sequence[PlannedAddon], args: AddonArgs, opts: pulumi.ResourceOptions
    ) -> None:
        self._ready: dict[Capability, Sequence[pulumi.Resource]] = {}
        for planned in plan:
            addon = _make(planned, args, self.after(planned.requires, opts))
            self._ready |= dict.fromkeys(planned.provides, addon.ready)

    def after(
        self, capabilities: Iterable[Capability], opts: pulumi.ResourceOptions
    ) -> pulumi.ResourceOptions:
        """`opts` with a dependency on the add-ons that provide `capabilities`."""
        ready = [each for capability in capabilities for each in self._ready.get(capability, ())]
        if not ready:
            return opts
        dependent = pulumi.ResourceOptions(depends_on=ready)

        def depend(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
            """Children inherit their component's transformations, but not its dependencies."""
            merged = pulumi.ResourceOptions.merge(args.opts, dependent)
            return pulumi.ResourceTransformationResult(args.props, merged)

        return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(transformations=[depend]))


def _make(planned: PlannedAddon, args: AddonArgs, opts: pulumi.ResourceOptions) -> Addon:
    if isinstance(planned.options, AddonOptions):
        return registry.ADDONS.component(planned.name)(planned.name, planned.options, args, opts)
    return PresentAddon(planned.name, registry.ADDONS.options(planned.name).evidence, opts)
