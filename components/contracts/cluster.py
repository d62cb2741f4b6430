"""What a cluster promises the rest of a stack."""

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
    """Nodes to schedule by: all of `labels` on them, `taints` as Kubernetes writes them
    (`key=value:effect`), `accelerator` what each of them has."""

    labels: Mapping[str, str] = field(default_factory=dict)
    taints: Sequence[str] = ()
    accelerator: Accelerator | None = None

    @classmethod
    def of(cls, pool: NodePoolOptions) -> NodePool:
        """The nodes that `pool` describes."""
        return cls(labels=pool.labels, taints=pool.taints, accelerator=pool.accelerator)


class Cluster(Protocol):
    """Where a stack runs."""

    kind: str
    name: pulumi.Output[str]
    provider: Provider
    kubeconfig: pulumi.Output[str]
    """A secret."""
    node_pools: Mapping[str, NodePool]
    load_balancer_class: str | None
    """Its `loadBalancerClass`; None is the cluster's default."""
    external_traffic_policy: str | None
    """That of Services of type LoadBalancer: `Local` keeps the caller's address. None where the
    load balancer does not keep it anyway."""
    registry: pulumi.Output[str] | None
    """Where images are pushed that the nodes may pull; None where the stack makes none."""
    adopts: bool
    """Whether objects that exist are taken over: nobody but the stack writes to the cluster."""
    workload_identity: Mapping[str, pulumi.Input[str]]
    """What another stack has to be told to give its pods identities on this cluster: exported, and
    so never a secret. Empty where the cluster has no workload identity."""

    @property
    def load_balancer_annotations(self) -> Mapping[str, pulumi.Input[str]]:
        """What a Service of type LoadBalancer needs to be reachable from outside."""
        ...

    def identity(
        self,
        service_account: str,
        namespace: pulumi.Input[str],
        bucket_access: Sequence[BucketAccess],
        opts: pulumi.ResourceOptions,
    ) -> Identity:
        """Let the pods of `service_account` use `bucket_access`, and nothing else, without a static key.
        `opts` are for the resources that it makes; their names begin with the account's.

        Raises `pulumi.RunError` where the cluster has no workload identity.
        """
        ...

    def storage_class(self, requested: str | None, access_mode: str) -> pulumi.Input[str] | None:
        """The name of the StorageClass to use; None is the cluster's default."""
        ...

    def publish(self, host: str, address: pulumi.Output[str]) -> None:
        """Let `host` resolve to the gateway's `address`, a name or an IP address, where the stack
        names a DNS zone; else nothing."""
        ...


class ClusterFactory(Protocol):
    """The class of a cluster, as a stack calls it. `options` are of the class that the registry
    names beside it."""

    def __call__(self, name: str, options: Any, images: Images, /) -> Cluster: ...
