"""What a stack file says of providers outside of `slipway:`, such as `aws:profile`.

Every provider of a stack is an explicit one, to which the engine hands none of it: the clusters do.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from components import registry
from components.config.options import listed
from components.config.report import Mistake
from components.config.secret_scan import secret_in, shown
from components.config.trials import misspelt
from components.sdk_arguments import Shape, provider_arguments

_EXAMPLES: Mapping[Shape, str] = {
    "true or false": "true",
    "a number": "5",
    "a list": '["first", "second"]',
    "a map": '{"key": "value"}',
}
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


def mistakes(settings: Mapping[str, Settings], raw_cluster: Any) -> Iterator[Mistake]:
    """Settings, by package, that the stack's providers do not take. `raw_cluster` is what stands
    under `slipway:cluster`. No value that may be a credential is repeated."""
    kind = raw_cluster.get("kind") if isinstance(raw_cluster, dict) else None
    if kind not in registry.CLUSTERS.kinds():
        return
    options = registry.CLUSTERS.options(kind)
    used = {keys.package: keys for keys in options.provider_keys(raw_cluster)}
    for package, given in settings.items():
        for key, setting in given.items():
            if package in used:
                found = _mistake(used[package], key, setting, raw_cluster)
            else:
                found = Mistake(
                    path=f"{package}:{key}",
                    shown=None,
                    expected=f"settings of {listed(sorted(used))}: a stack on a cluster of kind "
                    f"`{kind}` has no other provider that they are for",
                    fix=_taken_out(package, key),
                )
            if found is not None:
                yield found


def _mistake(
    keys: ProviderKeys, key: str, setting: Setting, cluster: Mapping[str, Any]
) -> Mistake | None:
    path = f"{keys.package}:{key}"
    if key in keys.refused:
        refusal = keys.refused[key]
        return Mistake(
            path=path,
            shown=None,
            expected=refusal.expected,
            fix=refusal.fix.replace("take it out", _taken_out(keys.package, key)),
        )
    try:
        known = provider_arguments(keys.package)
    except ModuleNotFoundError:  # the kind of the cluster says that the SDK is missing
        return None
    if key not in known:
        expected, fix = _unknown(keys, key, setting, cluster, known)
        return Mistake(path=path, shown="unknown", expected=_short(expected, known), fix=fix)
    if not setting.secret and (what := secret_in(setting.text)):
        return Mistake(
            path=path,
            shown=f"{what} in plain text",
            expected="an encrypted value",
            fix=f"run `pulumi config set --secret {path}`, and change the secret: it has been in a file",
        )
    shape = known[key].shape
    try:
        value = setting.value(shape)
    except ValueError:
        example = f"`pulumi config set {path} '{_EXAMPLES[shape]}'`"
        return Mistake(path=path, shown=None, expected=shape, fix=f"write it as in {example}")
    if key in keys.stated:
        return _disagreement(path, value, setting, keys.stated[key], cluster)
    wrong = keys.checks[key](value, cluster) if key in keys.checks else None
    if wrong is None:
        return None
    return Mistake(path=path, shown=None, expected=wrong.expected, fix=wrong.fix)


def _disagreement(
    path: str, value: Any, setting: Setting, stated: str, cluster: Mapping[str, Any]
) -> Mistake | None:
    wanted = cluster.get(stated)
    if wanted is None or value == wanted:  # where it has to be there, its own mistake says so
        return None
    package, _, key = path.partition(":")
    return Mistake(
        path=path,
        shown="(hidden)" if setting.secret else shown(value),
        expected=f"{shown(wanted)}, as in `slipway:cluster.{stated}`",
        fix=f"{_taken_out(package, key)}, or change slipway:cluster.{stated}",
    )


def _unknown(
    keys: ProviderKeys,
    key: str,
    setting: Setting,
    cluster: Mapping[str, Any],
    known: Mapping[str, Any],
) -> tuple[str, str]:
    """What was expected in place of a setting that the provider does not have, and the fix."""
    meant = misspelt(key, known)
    taken = meant is not None and _mistake(keys, meant, setting, cluster) is None
    fix = f"did you mean `{keys.package}:{meant}`?" if taken else _taken_out(keys.package, key)
    return f"one of the keys {listed(sorted(known))}", fix


def _short(expected: str, known: Mapping[str, Any]) -> str:
    """A provider has up to 200 settings."""
    return expected if len(known) < 40 else "a setting that the provider has"


def _taken_out(package: str, key: str) -> str:
    return f"run `pulumi config rm {package}:{key}`"
