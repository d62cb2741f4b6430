"""`PresentAddon`: an add-on that the cluster already has."""

from __future__ import annotations

import pulumi

from components.config.addon_options import Evidence
from components.kubernetes.object import Fields, KubernetesObject


class PresentAddon(pulumi.ComponentResource):
    """Reads the object that shows that the cluster has the add-on, and fails if it is missing.
    Otherwise what needs the add-on would do nothing, and report that only in its own status. It
    creates nothing and changes nothing."""

    def __init__(
        self,
        name: str,
        evidence: Evidence,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:addons:PresentAddon", name, None, opts)
        self._name, self._evidence = name, evidence
        found = KubernetesObject.get(
            f"{name}-api",
            evidence.api_version,
            evidence.kind,
            evidence.name,
            pulumi.ResourceOptions(parent=self),
        )
        self.ready = [found]
        found.status.apply(self._warn)
        self.register_outputs({})

    def _warn(self, status: Fields | None) -> None:
        for condition in (status or {}).get("conditions") or ():
            if condition.get("type") in ("Available", "Established") and (
                condition.get("status") != "True"
            ):
                pulumi.log.warn(
                    f"slipway:addons.{self._name} is `present`, but {self._evidence.kind} "
                    f"`{self._evidence.name}` is not {str(condition['type']).lower()}, so nothing "
                    f"that needs it works: {condition.get('message')}",
                    self,
                )
