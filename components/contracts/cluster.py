"""The contract of a cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import pulumi

from components.config.accelerators import Accelerator, NodePoolOptions
from components.contracts.identity import BucketAccess, Identity
from components.images import Images

if TYPE_CHECKING:
    from pulumi_kubernetes import Provider


@dataclass(frozen=True, kw_only=True)
class NodePool:
    """Nodes that pods are scheduled to: all of them have `labels`, `taints` (written as
    `key=value:effect`) and `accelerator`."""

    labels: Mapping[str, str] = field(default_factory=dict)
    taints: Sequence[str] = ()
    accelerator: Accelerator | None = None

    @classmethod
    def of(cls, pool: NodePoolOptions) -> NodePool:
        """The nodes that `pool` describes."""
        return cls(labels=pool.labels, taints=pool.taints, accelerator=pool.accelerator)


class Cluster(Protocol):
    """The cluster that a stack runs on."""

    kind: str
    name: pulumi.Output[str]
    provider: Provider
    kubeconfig: pulumi.Output[str]
    """A secret."""
    node_pools: Mapping[str, NodePool]
    load_balancer_class: str | None
    """`loadBalancerClass` of Services; None for the cluster's default."""
    external_traffic_policy: str | None
    """`externalTrafficPolicy` of Services of type LoadBalancer: `Local` keeps the client's address.
    None, for Kubernetes' default, where `Local` would not keep it either."""
    registry: pulumi.Output[str] | None
    """The registry that the stack makes, to push images that the nodes may pull; None if it makes
    none."""
    adopts: bool
    """Whether the provider takes over objects that exist, since only this stack writes to the
    cluster."""
    workload_identity: Mapping[str, pulumi.Input[str]]
    """The facts that another stack needs to give its pods identities on this cluster. They are
    exported, so none is a secret. Empty if the cluster has no workload identity."""

    @property
    def load_balancer_annotations(self) -> Mapping[str, pulumi.Input[str]]:
        """The annotations that make a Service of type LoadBalancer reachable from outside."""
        ...

    def identity(
        self,
        service_account: str,
        namespace: pulumi.Input[str],
        bucket_access: Sequence[BucketAccess],
        opts: pulumi.ResourceOptions,
    ) -> Identity:
        """Gives the pods of `service_account` the access of `bucket_access` and no other, without static
        credentials. `opts` are for the resources that it makes, whose names begin with the
        account's.

        Loading a stack file refuses buckets that `ClusterOptions.identity_schemes` does not have.
        """
        ...

    def storage_class(self, requested: str | None, access_mode: str) -> pulumi.Input[str] | None:
        """The name of the StorageClass for a claim; None for the cluster's default."""
        ...

    def publish(self, host: str, address: pulumi.Output[str]) -> None:
        """Makes a DNS record by which `host` resolves to the gateway's `address`, a host name or an
        IP address. Does nothing if the cluster's options name no DNS zone."""
        ...


class ClusterFactory(Protocol):
    """The signature of a cluster's class. `options` has the options class of its registry entry."""

    def __call__(self, name: str, options: Any, images: Images, /) -> Cluster: ...
