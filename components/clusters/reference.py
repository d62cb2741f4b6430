"""`ReferenceCluster`: the cluster of another stack, by that stack's outputs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import pulumi
from pydantic import AfterValidator, Field

from components.clusters.eks.regions import ADDON_ACCOUNTS, partition
from components.clusters.reached import DescribedOptions, ReachedCluster
from components.config.one_of import OneOf
from components.config.options import Options, listed, mistake
from components.contracts import Grant, Identity
from components.images import Images

_NAME = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")


def _stack(name: str) -> str:
    expected = "a stack's whole name, `organization/project/stack`"
    if not _NAME.fullmatch(name):
        # The organization of every stack in a file or a bucket is called so.
        ends = name.rpartition("/")[2]
        raise mistake(expected, f"did you mean `organization/slipway/{ends}`?")
    return name


def _region(name: str) -> str:
    if name not in ADDON_ACCOUNTS:
        raise mistake("the region of the cluster", f"one of {listed(ADDON_ACCOUNTS)}")
    return name


class EksIdentity(Options):
    """Roles for the pods of a cluster on EKS: this stack makes them, in the account that it has
    credentials for, which is the cluster's."""

    kind: Literal["eks"]
    region: Annotated[str, AfterValidator(_region)]
    """The region of the cluster"""


class ReferenceOptions(DescribedOptions):
    """The cluster that another stack made, which has no gateway and no models of its own: models
    live in a stack beside it, and go without it."""

    kind: Literal["reference"]
    stack: Annotated[str, AfterValidator(_stack)]
    """The other stack, `organization/project/stack`; without Pulumi Cloud the organization is
    `organization`"""
    identity: Annotated[EksIdentity | None, OneOf({"eks": EksIdentity})] = None
    """How pods are let in to buckets; where it is left out they are not"""
    load_balancer_annotations: dict[str, str] = Field(default_factory=dict)
    """Annotations that a LoadBalancer Service needs there"""

    @classmethod
    def lets_in_to(cls, raw: Mapping[str, Any]) -> frozenset[str]:
        return frozenset({"s3"} if raw.get("identity") else ())


class ReferenceCluster(ReachedCluster):
    """A Kubernetes provider by the other stack's `kubeconfig`. It makes nothing on the cluster and
    nothing of it: both stacks can be destroyed, this one first."""

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
        super().__init__(
            "slipway:clusters:ReferenceCluster",
            name,
            options,
            outputs.require_output("cluster").apply(lambda it: str(it["name"])),
            outputs.require_output("kubeconfig"),
            opts=opts,
        )
        self._name, self._identity = name, options.identity
        self.load_balancer_annotations = options.load_balancer_annotations
        self._aws: pulumi.ProviderResource | None = None

    def identity(
        self,
        service_account: str,
        namespace: pulumi.Input[str],
        grants: Sequence[Grant],
        opts: pulumi.ResourceOptions,
    ) -> Identity:
        """As the cloud of the cluster does; raises `pulumi.RunError` where none is named."""
        if self._identity is None or not grants:
            return super().identity(service_account, namespace, grants, opts)
        import pulumi_aws

        from components.clusters.eks.identity import identity

        region = self._identity.region
        if self._aws is None:
            self._aws = pulumi_aws.Provider(
                f"{self._name}-aws", region=region, opts=pulumi.ResourceOptions(parent=self)
            )
        account = pulumi_aws.get_caller_identity_output(
            opts=pulumi.InvokeOptions(provider=self._aws)
        ).account_id
        return identity(
            service_account,
            namespace,
            grants,
            cluster_name=self.name,
            cluster_arn=pulumi.Output.concat(
                f"arn:{partition(region)}:eks:{region}:", account, ":cluster/", self.name
            ),
            region=region,
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(provider=self._aws)),
        )
