"""Checks that the stack's providers accept the settings of providers in the stack file."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from components import registry
from components.config.mistakes import Mistake
from components.config.options import listed
from components.config.parsed import Parsed
from components.config.provider_keys import ProviderKeys, Setting
from components.config.secret_scan import secret_in, shown
from components.config.trials import misspelt
from components.sdk_arguments import Shape, provider_arguments

_EXAMPLES: Mapping[Shape, str] = {
    "true or false": "true",
    "a number": "5",
    "a list": '["first", "second"]',
    "a map": '{"key": "value"}',
}


def check(config: Parsed) -> Iterator[Mistake]:
    if config.cluster_kind is None:
        return
    kind = registry.CLUSTERS.options(config.cluster_kind)
    values = config.cluster_values
    used = {keys.package: keys for keys in kind.provider_keys(values)}
    for package, settings in config.settings.items():
        for key, setting in settings.items():
            if package in used:
                found = _mistake(used[package], key, setting, values)
            elif config.cluster is not None:  # its valid options name all of its providers
                found = _no_provider(package, key, used, config.cluster_kind)
            else:
                found = None
            if found is not None:
                yield found


def _no_provider(package: str, key: str, used: Collection[str], kind: str) -> Mistake:
    return Mistake(
        path=f"{package}:{key}",
        shown=None,
        expected=f"settings of {listed(sorted(used))}: a stack on a cluster of kind `{kind}` has "
        "no other provider that they are for",
        fix=_taken_out(package, key),
    )


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
    except ModuleNotFoundError:  # the cluster's kind reports the missing SDK
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
    if wanted is None or value == wanted:  # a missing required key is a mistake of its own
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
    """What was expected in place of a setting that the provider lacks, and the fix."""
    meant = misspelt(key, known)
    taken = meant is not None and _mistake(keys, meant, setting, cluster) is None
    fix = f"did you mean `{keys.package}:{meant}`?" if taken else _taken_out(keys.package, key)
    return f"one of the keys {listed(sorted(known))}", fix


def _short(expected: str, known: Mapping[str, Any]) -> str:
    """A provider has up to 200 settings."""
    return expected if len(known) < 40 else "a setting that the provider has"


def _taken_out(package: str, key: str) -> str:
    return f"run `pulumi config rm {package}:{key}`"
