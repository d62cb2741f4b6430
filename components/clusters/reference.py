"""`ReferenceCluster`: the cluster of another stack, by the outputs of that stack."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, Literal, get_args

import pulumi
from pydantic import AfterValidator, Field

from components import registry
from components.clusters.ack.provider_keys import ALICLOUD_REMOTE
from components.clusters.ack.sdk_check import check_sdk
from components.clusters.eks.provider_keys import AWS_REMOTE
from components.clusters.gke.provider_keys import GCP_REMOTE
from components.clusters.kubeconfig_cluster import DescribedOptions, KubeconfigCluster
from components.clusters.remote_identity import RemoteIdentity, remote_identity
from components.config.options import likely
from components.config.provider_keys import KUBERNETES, ProviderKeys
from components.contracts import Grant, Identity
from components.images import Images

_NAME = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
#: The kinds of clusters with workload identity.
_Cloud = Literal["ack", "eks", "gke"]
_KEYS = {"ack": ALICLOUD_REMOTE, "eks": AWS_REMOTE, "gke": GCP_REMOTE}


def _stack(name: str) -> str:
    expected = "a stack's whole name, `organization/project/stack`"
    if not _NAME.fullmatch(name):
        # In a file or bucket backend every stack's organization is `organization`.
        near = f"organization/slipway/{name.rpartition('/')[2]}"
        raise likely(_stack, expected, "copy it from the list of stacks", near)
    return name


class ReferenceOptions(DescribedOptions):
    """The cluster of another stack, which has only the cluster: no gateway and no models. This
    stack has the models, and can be destroyed without the other."""

    kind: Literal["reference"]
    stack: Annotated[str, AfterValidator(_stack)]
    """The other stack, as `organization/project/stack`. Without Pulumi Cloud the organization is
    `organization`"""
    identity: Annotated[_Cloud, AfterValidator(check_sdk)] | None = None
    """The kind of the other stack's cluster, by whose workload identity pods read buckets. Default:
    pods have no workload identity"""
    load_balancer_annotations: dict[str, str] = Field(default_factory=dict)
    """Annotations of LoadBalancer Services on that cluster"""
    load_balancer_class: str | None = None
    """`loadBalancerClass` of these Services. Default: the cluster's default"""

    @classmethod
    def lets_in_to(cls, raw: Mapping[str, Any]) -> frozenset[str]:
        cloud = raw.get("identity")
        if not isinstance(cloud, str) or cloud not in get_args(_Cloud):
            return frozenset()
        schemes: frozenset[str] = registry.implementation("clusters", cloud).options.identities
        return schemes

    @classmethod
    def provider_keys(cls, raw: Mapping[str, Any]) -> Sequence[ProviderKeys]:
        """The Kubernetes provider's keys, and those of the cloud in which the stack makes identities."""
        cloud = raw.get("identity")
        if not isinstance(cloud, str) or cloud not in _KEYS:
            return (KUBERNETES,)
        return (_KEYS[cloud], KUBERNETES)


class ReferenceCluster(KubeconfigCluster):
    """A Kubernetes provider with the other stack's output `kubeconfig`. It makes no part of the
    cluster: both stacks can be destroyed, this one first. This stack makes the identities of its
    pods, from the other stack's output `cluster.identity`. If that output is missing or of another
    cloud, it fails with `pulumi.RunError` before it makes anything on the cluster."""

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
        grants: Sequence[Grant],
        opts: pulumi.ResourceOptions,
    ) -> Identity:
        """An identity of the cluster's cloud; raises `pulumi.RunError` if `identity` names none."""
        if self._options.identity is None or not grants:
            return super().identity(service_account, namespace, grants, opts)
        return self._remote_identity.identity(service_account, namespace, grants, opts)

    @cached_property
    def _remote_identity(self) -> RemoteIdentity:
        return remote_identity(
            str(self._options.identity), self._name, self, self._identity_output, self._options
        )

    def _identity_output(self, key: str) -> pulumi.Output[str]:
        return self._cluster.apply(lambda it: str(it["identity"][key]))


def _checked(cluster: Mapping[str, Any], options: ReferenceOptions) -> Mapping[str, Any]:
    """The other stack's output `cluster`; raises `pulumi.RunError` if it does not match `options`."""
    kind, expected = cluster["kind"], options.identity
    if expected is None:
        return cluster
    if kind != expected:
        fix = f"write `identity: {kind}`" if kind in get_args(_Cloud) else "take `identity` out"
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
