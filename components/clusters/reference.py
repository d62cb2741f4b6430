"""`ReferenceCluster`: the cluster of another stack, by that stack's outputs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, Literal, get_args

import pulumi
from pydantic import AfterValidator, Field

from components import registry
from components.clusters.ack.installed import installed
from components.clusters.ack.provider_keys import ALICLOUD_BESIDE
from components.clusters.beside import Beside, beside
from components.clusters.eks.provider_keys import AWS_BESIDE
from components.clusters.gke.provider_keys import GCP_BESIDE
from components.clusters.reached import DescribedOptions, ReachedCluster
from components.config.options import likely
from components.config.provider_keys import KUBERNETES, ProviderKeys
from components.contracts import Grant, Identity
from components.images import Images

_NAME = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
#: Kinds of clusters that give their pods identities.
_Cloud = Literal["ack", "eks", "gke"]
_KEYS = {"ack": ALICLOUD_BESIDE, "eks": AWS_BESIDE, "gke": GCP_BESIDE}


def _stack(name: str) -> str:
    expected = "a stack's whole name, `organization/project/stack`"
    if not _NAME.fullmatch(name):
        # The organization of every stack in a file or a bucket is called so.
        near = f"organization/slipway/{name.rpartition('/')[2]}"
        raise likely(_stack, expected, "copy it from the list of stacks", near)
    return name


class ReferenceOptions(DescribedOptions):
    """The cluster that another stack made, which has no gateway and no models of its own: models
    live in a stack beside it, and go without it."""

    kind: Literal["reference"]
    stack: Annotated[str, AfterValidator(_stack)]
    """The other stack, `organization/project/stack`; without Pulumi Cloud the organization is
    `organization`"""
    identity: Annotated[_Cloud, AfterValidator(installed)] | None = None
    """The kind of the other stack's cluster, by whose workload identity pods are let in to
    buckets; where it is left out they are not"""
    load_balancer_annotations: dict[str, str] = Field(default_factory=dict)
    """Annotations that a LoadBalancer Service needs there"""
    load_balancer_class: str | None = None
    """The `loadBalancerClass` that it needs there; the cluster's default where it is left out"""

    @classmethod
    def lets_in_to(cls, raw: Mapping[str, Any]) -> frozenset[str]:
        cloud = raw.get("identity")
        if not isinstance(cloud, str) or cloud not in get_args(_Cloud):
            return frozenset()
        schemes: frozenset[str] = registry.implementation("clusters", cloud).options.identities
        return schemes

    @classmethod
    def provider_keys(cls, raw: Mapping[str, Any]) -> Sequence[ProviderKeys]:
        """Those of the cloud that it makes identities in, where it does."""
        cloud = raw.get("identity")
        if not isinstance(cloud, str) or cloud not in _KEYS:
            return (KUBERNETES,)
        return (_KEYS[cloud], KUBERNETES)


class ReferenceCluster(ReachedCluster):
    """A Kubernetes provider by the other stack's `kubeconfig`. It makes nothing of the cluster:
    both stacks can be destroyed, this one first. Identities are made in this stack, out of what
    the other's output `cluster.identity` tells. Fails with `pulumi.RunError` before anything is
    made on the cluster where that is another cloud's, or not there."""

    options = ReferenceOptions

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
        grants: Sequence[Grant],
        opts: pulumi.ResourceOptions,
    ) -> Identity:
        """As the cloud of the cluster does; raises `pulumi.RunError` where none is named."""
        if self._options.identity is None or not grants:
            return super().identity(service_account, namespace, grants, opts)
        return self._beside.identity(service_account, namespace, grants, opts)

    @cached_property
    def _beside(self) -> Beside:
        return beside(str(self._options.identity), self._name, self, self._fact, self._options)

    def _fact(self, key: str) -> pulumi.Output[str]:
        return self._told.apply(lambda it: str(it["identity"][key]))


def _right(cluster: Mapping[str, Any], options: ReferenceOptions) -> Mapping[str, Any]:
    """The other stack's output `cluster`, where it goes with `options`."""
    kind, wanted = cluster["kind"], options.identity
    if wanted is None:
        return cluster
    if kind != wanted:
        fix = f"write `identity: {kind}`" if kind in get_args(_Cloud) else "take `identity` out"
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
