"""Options of clusters that the stack does not make."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, PrivateAttr

from components.clusters.kubeconfig import Kubeconfig
from components.config.accelerators import NodePoolOptions
from components.config.cluster_options import ClusterOptions
from components.config.values import Label


class DescribedOptions(ClusterOptions):
    """A cluster whose nodes the stack does not make. The stack file describes the pools that models
    choose."""

    node_pools: dict[Label, NodePoolOptions] = Field(default_factory=dict)
    """The pools of nodes with accelerators, by name"""

    def pools(self) -> Mapping[str, NodePoolOptions]:
        return self.node_pools


class KubeconfigOptions(DescribedOptions):
    """Options whose validation reads a kubeconfig."""

    _found: Kubeconfig | None = PrivateAttr(default=None)

    @property
    def found(self) -> Kubeconfig:
        """The kubeconfig that the validation of the options read."""
        if self._found is None:
            raise RuntimeError("the options were not validated with their secrets")
        return self._found

    def unreachable(self) -> str | None:
        return self.found.unreachable()
