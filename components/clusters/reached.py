"""`ReachedCluster`: a cluster that is there already, reached by a kubeconfig."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

from components.clusters.kubeconfig_options import DescribedOptions
from components.clusters.providers import kubernetes_provider
from components.config.accelerators import NodePoolOptions
from components.contracts.cluster import NodePool
from components.contracts.identity import BucketAccess, Identity


class ReachedCluster(pulumi.ComponentResource):
    """A Kubernetes provider that reads no other kubeconfig than the one that it is given, and
    nothing else: node pools as they are described, and no workload identity, so pods get no leave
    to read a bucket.

    With `adopt` the provider takes over objects that exist already, which is for clusters that
    nobody else writes to.
    """

    kind: str
    node_pools: Mapping[str, NodePool]
    external_traffic_policy: str | None = None
    registry: pulumi.Output[str] | None = None
    adopts: bool
    load_balancer_annotations: Mapping[str, str]
    load_balancer_class: str | None = None
    workload_identity: Mapping[str, pulumi.Input[str]]
    name: pulumi.Output[str]
    kubeconfig: pulumi.Output[str]

    def __init__(
        self,
        token: str,
        name: str,
        options: DescribedOptions,
        called: pulumi.Input[str],
        kubeconfig: pulumi.Input[str],
        *,
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(token, name, None, opts)
        self.name = pulumi.Output.from_input(called)
        self.kubeconfig = pulumi.Output.secret(kubeconfig)
        self.adopts = adopt
        self.provider = kubernetes_provider(
            f"{name}-provider",
            options.settings("kubernetes"),
            pulumi.ResourceOptions(parent=self),
            kubeconfig=self.kubeconfig,
            adopt=adopt,
        )
        self.node_pools = {key: self._node_pool(key, pool) for key, pool in options.pools().items()}
        self.load_balancer_annotations, self.workload_identity = {}, {}
        self.register_outputs({"name": self.name, "kubeconfig": self.kubeconfig})

    def _node_pool(self, name: str, pool: NodePoolOptions) -> NodePool:
        if pool.accelerator and pool.open:
            pulumi.log.warn(
                f"slipway:cluster.node_pools.{name} has no taint that keeps models without an "
                f"accelerator off its nodes: taint them, as `kubectl taint nodes NODE "
                f"{pool.accelerator.resource}=present:NoSchedule`, and write it under `taints`",
                self,
            )
        return NodePool.of(pool)

    def identity(
        self,
        service_account: str,
        namespace: pulumi.Input[str],
        bucket_access: Sequence[BucketAccess],
        opts: pulumi.ResourceOptions,
    ) -> Identity:
        """No identity for no `bucket_access`; raises `pulumi.RunError` for any."""
        if not bucket_access:
            return Identity()
        urls = ", ".join(access.url for access in bucket_access)
        raise pulumi.RunError(
            f"slipway:cluster.kind is `{self.kind}`: it has no workload identity, so "
            f"`{service_account}` cannot read {urls}; serve the model from a volume, or choose a "
            "cluster of that cloud"
        )

    def storage_class(self, requested: str | None, access_mode: str) -> str | None:
        return requested

    def publish(self, host: str, address: pulumi.Output[str]) -> None:
        """Its names are somebody else's."""
