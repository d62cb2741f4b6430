"""What an add-on promises a stack: what is installed once on a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pulumi

from components.contracts.cluster import Cluster
from components.images import Images


@dataclass(frozen=True, kw_only=True)
class AddonArgs:
    """What an add-on is made of, beside its options."""

    cluster: Cluster
    images: Images


class Addon(Protocol):
    """An add-on on the cluster."""

    @property
    def ready(self) -> Sequence[pulumi.Resource]:
        """What those that require it depend on: when all of it is deployed, the API server admits
        its objects."""
        ...


class AddonFactory(Protocol):
    """The class of an add-on, as a stack calls it. `options` are of the class that the registry
    names beside it."""

    def __call__(
        self, name: str, options: Any, args: AddonArgs, opts: pulumi.ResourceOptions, /
    ) -> Addon: ...
