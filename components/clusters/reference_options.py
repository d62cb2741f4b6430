"""Options of a stack on the cluster of another stack."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticKnownError

from components import registry
from components.clusters.kubeconfig_options import DescribedOptions
from components.config.addon_options import METRICS_API, Capability
from components.config.options import likely
from components.config.provider_keys import KUBERNETES, ProviderKeys

_NAME = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")


def _stack(name: str) -> str:
    expected = "a stack's whole name, `organization/project/stack`"
    if not _NAME.fullmatch(name):
        # In a file or bucket backend every stack's organization is `organization`.
        near = f"organization/slipway/{name.rpartition('/')[2]}"
        raise likely(_stack, expected, "copy it from the list of stacks", near)
    return name


def _identity(kind: Any) -> Any:
    """A kind of cluster whose workload identity the program can make, and whose SDK it has."""
    kinds = registry.IDENTITIES.kinds()
    if kind not in kinds:
        *others, last = (repr(each) for each in kinds)
        raise PydanticKnownError("literal_error", {"expected": f"{', '.join(others)} or {last}"})
    registry.IDENTITIES.options(kind).require_sdk()
    return kind


class ReferenceOptions(DescribedOptions):
    """The cluster of another stack, which has only the cluster: no gateway and no models. This
    stack has the models, and can be destroyed without the other."""

    provides: ClassVar[frozenset[Capability]] = frozenset({METRICS_API})

    kind: Literal["reference"]
    stack: Annotated[str, AfterValidator(_stack)]
    """The other stack, as `organization/project/stack`. Without Pulumi Cloud the organization is
    `organization`"""
    identity: (
        Annotated[
            str,
            BeforeValidator(_identity),
            WithJsonSchema({"enum": registry.IDENTITIES.kinds(), "type": "string"}),
        ]
        | None
    ) = None
    """The kind of the other stack's cluster, by whose workload identity pods read buckets. Default:
    pods have no workload identity"""
    load_balancer_annotations: dict[str, str] = Field(default_factory=dict)
    """Annotations of LoadBalancer Services on that cluster"""
    load_balancer_class: str | None = None
    """`loadBalancerClass` of these Services. Default: the cluster's default"""

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
