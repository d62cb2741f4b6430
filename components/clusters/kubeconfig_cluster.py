"""`KubeconfigCluster`: an existing cluster, which the stack uses by a kubeconfig."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

from components.clusters.kubeconfig_options import DescribedOptions
from components.clusters.providers import kubernetes_provider
from components.config.accelerators import NodePoolOptions
from components.contracts.cluster import NodePool
from components.contracts.identity import BucketAccess, Identity


class KubeconfigCluster(pulumi.ComponentResource):
    """A Kubernetes provider that uses only the given kubeconfig. The component makes nothing else:
    its node pools are those that the options describe. It has no workload identity, so pods cannot
    get read access to a bucket.

    With `adopt` the provider takes over existing objects, which is safe only on a cluster that
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
        cluster_name: pulumi.Input[str],
        kubeconfig: pulumi.Input[str],
        *,
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(token, name, None, opts)
        self.name = pulumi.Output.from_input(cluster_name)
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
        """No identity: a stack file that needs one is refused when it is read."""
        return Identity()

    def storage_class(self, requested: str | None, access_mode: str) -> str | None:
        return requested

    def publish(self, host: str, address: pulumi.Output[str]) -> None:
        """Does nothing: the stack does not manage the cluster's DNS zone."""
