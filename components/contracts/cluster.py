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
    """Nodes that pods can be scheduled on. Each of them has all of `labels`, all of `taints` in
    Kubernetes' notation (`key=value:effect`), and the devices of `accelerator`."""

    labels: Mapping[str, str] = field(default_factory=dict)
    taints: Sequence[str] = ()
    accelerator: Accelerator | None = None

    @classmethod
    def of(cls, pool: NodePoolOptions) -> NodePool:
        """The nodes that `pool` describes."""
        return cls(labels=pool.labels, taints=pool.taints, accelerator=pool.accelerator)


class Cluster(Protocol):
    """The cluster that a stack is deployed to."""

    kind: str
    name: pulumi.Output[str]
    provider: Provider
    kubeconfig: pulumi.Output[str]
    """A secret."""
    node_pools: Mapping[str, NodePool]
    load_balancer_class: str | None
    """`loadBalancerClass` of Services of type LoadBalancer; None: the cluster's default."""
    external_traffic_policy: str | None
    """`externalTrafficPolicy` of Services of type LoadBalancer. `Local` keeps the caller's address.
    None if the load balancer replaces that address in any case."""
    registry: pulumi.Output[str] | None
    """The address of a registry that the nodes may pull from; None if the stack creates none."""
    adopts: bool
    """Whether objects that exist are taken over. True only if nothing but the stack writes to the
    cluster."""
    workload_identity: Mapping[str, pulumi.Input[str]]
    """The facts by which another stack gives its pods an identity on this cluster. They are
    exported, so none of them is a secret. Empty if the cluster has no workload identity."""

    @property
    def load_balancer_annotations(self) -> Mapping[str, pulumi.Input[str]]:
        """Annotations that make a Service of type LoadBalancer reachable from outside."""
        ...

    def identity(
        self,
        service_account: str,
        namespace: pulumi.Input[str],
        bucket_access: Sequence[BucketAccess],
        opts: pulumi.ResourceOptions,
    ) -> Identity:
        """Give the pods of `service_account` the access of `bucket_access`, and no other, without a
        static key. `opts` apply to the resources that this creates. Their names begin with the
        account's name.

        Raises `pulumi.RunError` if the cluster has no workload identity.
        """
        ...

    def storage_class(self, requested: str | None, access_mode: str) -> pulumi.Input[str] | None:
        """The name of the StorageClass to use; None: the cluster's default."""
        ...

    def publish(self, host: str, address: pulumi.Output[str]) -> None:
        """Create a DNS record of `host` for the gateway's `address`, a name or an IP address. Does
        nothing if the stack names no DNS zone."""
        ...


class ClusterFactory(Protocol):
    """The class of a cluster, as a stack calls it. The registry pairs it with the class of
    `options`."""

    def __call__(self, name: str, options: Any, images: Images, /) -> Cluster: ...
