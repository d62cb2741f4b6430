"""The Kubernetes provider of a cluster, configured the same for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

if TYPE_CHECKING:
    from pulumi_kubernetes import Provider


def kubernetes_provider(
    name: str,
    kubeconfig: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
    *,
    adopt: bool = False,
) -> Provider:
    """A provider for the cluster of `kubeconfig`; with `adopt` a create takes over an object that
    exists. Secrets change in place, unless they are `immutable`: a registry's new password is no
    roll-out."""
    from pulumi_kubernetes import Provider

    return Provider(
        name,
        kubeconfig=kubeconfig,
        enable_secret_mutable=True,
        upsert_existing_objects=adopt or None,
        opts=opts,
    )
