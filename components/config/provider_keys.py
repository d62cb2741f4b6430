"""What a stack file says of providers outside of `slipway:`, such as `aws:profile`.

Every provider of a stack is an explicit one, to which the engine hands none of it: the clusters do.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from components import registry
from components.sdk_arguments import Shape

_PYTHON: Mapping[Shape, type] = {
    "true or false": bool,
    "a number": int,
    "a list": list,
    "a map": dict,
}


@dataclass(frozen=True)
class Setting:
    """One value as Pulumi hands it over, a map as JSON; `secret` where Pulumi encrypts it."""

    text: str = field(repr=False)
    secret: bool = False

    def value(self, shape: Shape) -> Any:
        """The value, of the shape that the provider takes; raises `ValueError` for another."""
        if shape == "text":
            return self.text
        value = json.loads(self.text)
        # Python takes true for a number.
        if not isinstance(value, _PYTHON[shape]) or isinstance(value, bool) != (
            shape == "true or false"
        ):
            raise ValueError(f"not {shape}")
        return value


#: By the key of one package.
Settings = Mapping[str, Setting]


@dataclass(frozen=True)
class Refusal:
    """Why a setting is not taken: what is expected in its place, and the fix."""

    expected: str
    fix: str


#: Given the value and the raw `slipway:cluster`, None where the value is taken.
Check = Callable[[Any, Mapping[str, Any]], Refusal | None]


@dataclass(frozen=True, kw_only=True)
class ProviderKeys:
    """The settings of one package that a kind of cluster takes: all that the provider has, but
    those in `refused`. `stated` maps a setting to the key of `slipway:cluster` that it has to
    agree with; `checks` look at values."""

    package: str
    stated: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, Refusal] = field(default_factory=dict)
    checks: Mapping[str, Check] = field(default_factory=dict)


_ELSEWHERE = "the cluster that `slipway:cluster` says"
#: Of the Kubernetes provider, on every kind of cluster.
KUBERNETES = ProviderKeys(
    package="kubernetes",
    refused={
        "kubeconfig": Refusal(_ELSEWHERE, "take it out"),
        "context": Refusal(_ELSEWHERE, "take it out"),
        "cluster": Refusal(_ELSEWHERE, "take it out"),
        "namespace": Refusal(
            "the models' namespace under `slipway:namespace`",
            "take it out, and write the name as slipway:namespace",
        ),
        "renderYamlToDirectory": Refusal(
            "objects on the cluster: the outputs are read from it", "take it out"
        ),
    },
)


def packages() -> frozenset[str]:
    """The packages whose settings some kind of cluster takes."""
    return frozenset(
        keys.package
        for kind in registry.CLUSTERS.kinds()
        for keys in registry.CLUSTERS.options(kind).provider_keys({})
    )
