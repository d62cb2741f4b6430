"""Options of a stack on the cluster of another stack."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, WithJsonSchema
from pydantic_core import PydanticKnownError

from components import registry
from components.clusters.kubeconfig_options import DescribedOptions
from components.config.addon_options import Capability
from components.config.options import likely
from components.config.provider_keys import KUBERNETES, ProviderKeys

_NAME = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")


def _stack(name: str) -> str:
    expected = "a stack's whole name, `organization/project/stack`"
    if not _NAME.fullmatch(name):
        # The organization of every stack in a file or a bucket is called so.
        near = f"organization/slipway/{name.rpartition('/')[2]}"
        raise likely(_stack, expected, "copy it from the list of stacks", near)
    return name


def _identity(kind: str) -> str:
    """A kind of cluster whose workload identity the program can make, and whose SDK it has."""
    kinds = registry.IDENTITIES.kinds()
    if kind not in kinds:
        *others, last = (repr(each) for each in kinds)
        raise PydanticKnownError("literal_error", {"expected": f"{', '.join(others)} or {last}"})
    registry.IDENTITIES.options(kind).check_sdk()
    return kind


class ReferenceOptions(DescribedOptions):
    """The cluster that another stack made, which has no gateway and no models of its own: models
    live in a stack beside it, and go without it."""

    provides: ClassVar[frozenset[Capability]] = frozenset({Capability.METRICS_API})

    kind: Literal["reference"]
    stack: Annotated[str, AfterValidator(_stack)]
    """The other stack, `organization/project/stack`; without Pulumi Cloud the organization is
    `organization`"""
    identity: (
        Annotated[
            str,
            AfterValidator(_identity),
            WithJsonSchema({"enum": registry.IDENTITIES.kinds(), "type": "string"}),
        ]
        | None
    ) = None
    """The kind of the other stack's cluster, by whose workload identity pods are let in to
    buckets; where it is left out they are not"""
    load_balancer_annotations: dict[str, str] = Field(default_factory=dict)
    """Annotations that a LoadBalancer Service needs there"""
    load_balancer_class: str | None = None
    """The `loadBalancerClass` that it needs there; the cluster's default where it is left out"""

    @property
    def identity_schemes(self) -> frozenset[str]:
        if self.identity is None:
            return frozenset()
        return registry.IDENTITIES.options(self.identity).identities

    @property
    def lacks_identity_kind(self) -> bool:
        return self.identity is None

    @classmethod
    def provider_keys(cls, raw: Mapping[str, Any]) -> Sequence[ProviderKeys]:
        """Those of the cloud that it makes identities in, where it does."""
        cloud = raw.get("identity")
        if cloud is None:
            return (KUBERNETES,)
        keys = registry.IDENTITIES.options(cloud).remote_keys
        return (keys, KUBERNETES) if keys else (KUBERNETES,)
