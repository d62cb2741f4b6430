"""Settings of providers in a stack file, such as `aws:profile`.

Every provider of a stack is explicit, and the engine passes these settings only to default
providers. So the clusters pass them.
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
    """One value as Pulumi returns it, a map as JSON. `secret` if Pulumi encrypts it."""

    text: str = field(repr=False)
    secret: bool = False

    def value(self, shape: Shape) -> Any:
        """The value in the shape that the provider accepts. Raises `ValueError` for another shape."""
        if shape == "text":
            return self.text
        value = json.loads(self.text)
        # In Python, true is an int.
        if not isinstance(value, _PYTHON[shape]) or isinstance(value, bool) != (
            shape == "true or false"
        ):
            raise ValueError(f"not {shape}")
        return value


#: The settings of one package, by key.
Settings = Mapping[str, Setting]


@dataclass(frozen=True)
class Refusal:
    """Why a setting is refused: what is expected in its place, and the fix."""

    expected: str
    fix: str


#: Gets the value and the options of `slipway:cluster` by key. Returns None for a valid value.
Check = Callable[[Any, Mapping[str, Any]], Refusal | None]


@dataclass(frozen=True, kw_only=True)
class ProviderKeys:
    """The settings of one package that a kind of cluster accepts: all that the provider has, except
    those in `refused`. `stated` maps a setting to the key of `slipway:cluster` whose value it has to
    equal. `checks` validate values."""

    package: str
    stated: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, Refusal] = field(default_factory=dict)
    checks: Mapping[str, Check] = field(default_factory=dict)


_ELSEWHERE = "the cluster that `slipway:cluster` says"
#: Settings of the Kubernetes provider, for every kind of cluster.
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
    """The packages whose settings some kind of cluster accepts."""
    return frozenset(
        keys.package
        for kind in registry.CLUSTERS.kinds()
        for keys in registry.CLUSTERS.options(kind).provider_keys({})
    )
