"""The contract of an add-on, which is installed once on a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pulumi

from components.contracts.cluster import Cluster
from components.images import Images


@dataclass(frozen=True, kw_only=True)
class AddonArgs:
    """The arguments of an add-on, besides its options."""

    cluster: Cluster
    images: Images


class Addon(Protocol):
    """An add-on of a cluster."""

    @property
    def ready(self) -> Sequence[pulumi.Resource]:
        """Whatever requires the add-on depends on these resources. Once they are deployed, the API
        server admits the add-on's objects."""
        ...


class AddonFactory(Protocol):
    """The class of an add-on, as a stack calls it. The registry pairs it with the class of
    `options`."""

    def __call__(
        self, name: str, options: Any, args: AddonArgs, opts: pulumi.ResourceOptions, /
    ) -> Addon: ...
