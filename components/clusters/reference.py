"""`ReferenceCluster`: the cluster of another stack, by that stack's outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import pulumi

from components import registry
from components.clusters.reached import ReachedCluster
from components.clusters.reference_options import ReferenceOptions
from components.contracts.identity import BucketAccess, Identity, RemoteIdentity
from components.images import Images


class ReferenceCluster(ReachedCluster):
    """A Kubernetes provider by the other stack's `kubeconfig`. It makes nothing of the cluster:
    both stacks can be destroyed, this one first. Identities are made in this stack, out of what
    the other's output `cluster.identity` tells. Fails with `pulumi.RunError` before anything is
    made on the cluster where that is another cloud's, or not there."""

    kind = "reference"

    def __init__(
        self,
        name: str,
        options: ReferenceOptions,
        images: Images | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        outputs = pulumi.StackReference(f"{name}-stack", options.stack)
        told = outputs.require_output("cluster").apply(lambda it: _right(it, options))
        super().__init__(
            "slipway:clusters:ReferenceCluster",
            name,
            options,
            told.apply(lambda it: str(it["name"])),
            pulumi.Output.all(outputs.require_output("kubeconfig"), told).apply(lambda it: it[0]),
            opts=opts,
        )
        self._name, self._options, self._told = name, options, told
        self.load_balancer_annotations = options.load_balancer_annotations
        self.load_balancer_class = options.load_balancer_class

    def identity(
        self,
        service_account: str,
        namespace: pulumi.Input[str],
        bucket_access: Sequence[BucketAccess],
        opts: pulumi.ResourceOptions,
    ) -> Identity:
        """As the cloud of the cluster does; raises `pulumi.RunError` where none is named."""
        if self._options.identity is None or not bucket_access:
            return super().identity(service_account, namespace, bucket_access, opts)
        return self._remote_identity.identity(service_account, namespace, bucket_access, opts)

    @cached_property
    def _remote_identity(self) -> RemoteIdentity:
        cloud = str(self._options.identity)
        keys = registry.IDENTITIES.options(cloud).remote_keys
        settings = self._options.settings(keys.package) if keys else {}
        return registry.IDENTITIES.component(cloud)(self._name, self, self._fact, settings)

    def _fact(self, key: str) -> pulumi.Output[str]:
        return self._told.apply(lambda it: str(it["identity"][key]))


def _right(cluster: Mapping[str, Any], options: ReferenceOptions) -> Mapping[str, Any]:
    """The other stack's output `cluster`, where it goes with `options`."""
    kind, wanted = cluster["kind"], options.identity
    if wanted is None:
        return cluster
    if kind != wanted:
        fix = (
            f"write `identity: {kind}`"
            if kind in registry.IDENTITIES.kinds()
            else "take `identity` out"
        )
        raise pulumi.RunError(
            f"slipway:cluster.identity is `{wanted}`, and the cluster of `{options.stack}` is of "
            f"kind `{kind}`: {fix}"
        )
    if not cluster.get("identity"):
        raise pulumi.RunError(
            f"slipway:cluster.identity is `{wanted}`, and the outputs of `{options.stack}` do not "
            "say `cluster.identity`, since they are of an older Slipway: run "
            f"`pulumi up --stack {options.stack}` with this one, then this again"
        )
    return cluster
