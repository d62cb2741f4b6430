"""Options that every add-on has: what it provides, what it requires."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, NewType

from components.config.options import Options

#: What an add-on provides to a cluster, or a cluster comes with. The text stands in the table of the
#: plan. A capability of one add-on alone is a constant in the file of that add-on's options.
Capability = NewType("Capability", str)
METRICS_API = Capability("metrics API (metrics.k8s.io)")


@dataclass(frozen=True)
class Evidence:
    """An object that exists on a cluster where the add-on is installed."""

    api_version: str
    kind: str
    name: str


class AddonOptions(Options):
    """An add-on that this stack installs, once on a cluster."""

    provides: ClassVar[frozenset[Capability]]
    requires: ClassVar[frozenset[Capability]] = frozenset()
    """What has to be on the cluster before it."""
    evidence: ClassVar[Evidence]
    """What shows that the cluster has it, where this stack does not install it."""

    def images(self) -> tuple[str, ...]:
        """The images that its pods run, by their upstream references."""
        return ()


class PresentOptions(Options):
    """The cluster has the add-on: this stack reads that it does, and never changes it."""

    kind: Literal["present"]
