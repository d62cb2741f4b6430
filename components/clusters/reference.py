"""`ReferenceCluster`: the cluster of another stack, by the outputs of that stack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import pulumi

from components import registry
from components.clusters.kubeconfig_cluster import KubeconfigCluster
from components.clusters.reference_options import ReferenceOptions
from components.contracts.identity import BucketAccess, Identity, RemoteIdentity
from components.images import Images


class ReferenceCluster(KubeconfigCluster):
    """A Kubernetes provider with the other stack's output `kubeconfig`. It makes no part of the
    cluster: both stacks can be destroyed, this one first. This stack makes the identities of its
    pods, from the other stack's output `cluster.identity`. If that output is missing or of another
    cloud, it fails with `pulumi.RunError` before it makes anything on the cluster."""

    kind = "reference"

    def __init__(
        self,
        name: str,
        options: ReferenceOptions,
        images: Images | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        outputs = pulumi.StackReference(f"{name}-stack", options.stack)
        cluster = outputs.require_output("cluster").apply(lambda it: _checked(it, options))
        super().__init__(
            "slipway:clusters:ReferenceCluster",
            name,
            options,
            cluster.apply(lambda it: str(it["name"])),
            pulumi.Output.all(outputs.require_output("kubeconfig"), cluster).apply(
                lambda it: it[0]
            ),
            opts=opts,
        )
        self._name, self._options, self._cluster = name, options, cluster
        self.load_balancer_annotations = options.load_balancer_annotations
        self.load_balancer_class = options.load_balancer_class

    def identity(
        self,
        service_account: str,
        namespace: pulumi.Input[str],
        bucket_access: Sequence[BucketAccess],
        opts: pulumi.ResourceOptions,
    ) -> Identity:
        """An identity in the cloud of `slipway:cluster.identity`."""
        if self._options.identity is None or not bucket_access:
            return super().identity(service_account, namespace, bucket_access, opts)
        return self._remote_identity.identity(service_account, namespace, bucket_access, opts)

    @cached_property
    def _remote_identity(self) -> RemoteIdentity:
        cloud = str(self._options.identity)
        keys = registry.IDENTITIES.options(cloud).remote_keys
        settings = self._options.settings(keys.package) if keys else {}
        make = registry.IDENTITIES.component(cloud)
        return make(self._name, self, self._identity_output, settings)

    def _identity_output(self, key: str) -> pulumi.Output[str]:
        return self._cluster.apply(lambda it: str(it["identity"][key]))


def _checked(cluster: Mapping[str, Any], options: ReferenceOptions) -> Mapping[str, Any]:
    """The other stack's output `cluster`; raises `pulumi.RunError` if it does not match `options`."""
    kind, expected = cluster["kind"], options.identity
    if expected is None:
        return cluster
    if kind != expected:
        fix = (
            f"write `identity: {kind}`"
            if kind in registry.IDENTITIES.kinds()
            else "take `identity` out"
        )
        raise pulumi.RunError(
            f"slipway:cluster.identity is `{expected}`, and the cluster of `{options.stack}` is of "
            f"kind `{kind}`: {fix}"
        )
    if not cluster.get("identity"):
        raise pulumi.RunError(
            f"slipway:cluster.identity is `{expected}`, and the outputs of `{options.stack}` do not "
            "say `cluster.identity`, since they are of an older Slipway: run "
            f"`pulumi up --stack {options.stack}` with this one, then this again"
        )
    return cluster
