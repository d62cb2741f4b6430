"""`load`: the stack's configuration, whole and valid, or every mistake in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import config as engine_config
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from components.config import (
    checks,
    identities,
    memory,
    names,
    node_images,
    provider_keys,
    servers,
)
from components.config.plaintext import StackFileError, plaintext
from components.config.provider_keys import Setting, Settings
from components.config.redaction import Redaction, below
from components.config.report import UNKNOWN, Mistake, mistakes
from components.config.secret_scan import HIDDEN, KUBECONFIG_CONTENT, plain
from components.config.stack_config import METRICS_ADDON, StackConfig
from components.config.trials import Trial, unknown_key

_NAMESPACE = "slipway"
#: Values of these keys are text; those of all others are JSON, as Pulumi hands maps over.
_TEXT_KEYS = frozenset({"namespace"})
OLD_METRICS = (
    "slipway:metrics is the old name of `slipway:addons.metrics-server`: write `metrics-server: {}` "
    "there in place of `metrics-server`, and `metrics-server: {kind: present}` in place of `present`"
)


def load() -> StackConfig:
    """Read what the stack file says under `slipway:`, and of the stack's providers.

    Raises `pulumi.RunError` with all mistakes in one text, before any resource is registered.
    A cluster that does not answer is such a mistake at `up` and a warning at `preview`: a
    pull request is previewed where no cluster can be reached, and `up` would create nothing.
    """
    keys = _keys()
    secret_keys = {
        key
        for key in keys.get(_NAMESPACE, ())
        if engine_config.is_config_secret(f"{_NAMESPACE}:{key}")
    }
    raw = {key: _value(key) for key in keys.get(_NAMESPACE, ())}
    settings = _settings(keys)
    maps: dict[int, tuple[str, ...]] = {id(raw): tuple(StackConfig.model_fields)}
    known = {key: raw[key] for key in raw if key in StackConfig.model_fields}
    config, invalid = _validated(known, maps, settings)
    found = [*_foreign(keys, settings), *_known_top_level(raw)]
    found += _once(list(_leaks(raw, secret_keys)), invalid)
    hidden = Redaction(raw, maps, secret_keys)
    if not found and config is not None:
        found = [*_unreachable(config, hidden), *node_images.missing(config)]
        if not found:
            if config.metrics is not None:
                pulumi.log.warn(OLD_METRICS)
            return config
    raise pulumi.RunError(_text(hidden.mistakes(found)))


def _unreachable(config: StackConfig, hidden: Redaction) -> list[Mistake]:
    """A cluster that does not answer; of one a preview only warns."""
    silence = config.cluster.unreachable()
    if silence is None:
        return []
    silence = hidden.text(silence, "slipway:cluster")
    if pulumi.runtime.is_dry_run():
        pulumi.log.warn(f"slipway:cluster: {silence}; this preview does not see its objects")
        return []
    fix = "start the cluster, or check address and network, and run it again"
    expected = "a cluster that answers"
    return [Mistake(path="slipway:cluster", shown=silence, expected=expected, fix=fix)]


def validate(
    raw: dict[str, Any], settings: Mapping[str, Settings] | None = None
) -> tuple[StackConfig | None, list[Mistake]]:
    """`raw`, by top-level key without `slipway:`, as a `StackConfig`; or None and the mistakes,
    which repeat nothing that may be a credential. `settings` are those of providers, by package
    and key."""
    keys: dict[int, tuple[str, ...]] = {}
    config, found = _validated(raw, keys, settings or {})
    return config, Redaction(raw, keys).mistakes(found) if found else []


def _validated(
    raw: dict[str, Any], keys: dict[int, tuple[str, ...]], settings: Mapping[str, Settings]
) -> tuple[StackConfig | None, list[Mistake]]:
    """`validate`, with what is to be hidden in the mistakes. Fills `keys` with the keys that the
    options of each map know, by the map's id."""
    config, errors = _parsed(raw, keys, settings)
    found = mistakes(errors, raw, keys, lambda changed: _parsed(changed, {}, settings)[1])
    found += [
        *checks.clashes(raw),
        *checks.references(raw),
        *checks.pull_secrets(raw),
        *servers.disagreements(raw, keys),
    ]
    found += [*identities.missing(raw), *names.missing(raw)]
    found += provider_keys.mistakes(settings, raw.get("cluster"))
    if config is not None:
        found += memory.too_small(config)
        found += _twice(config)
    return (None if found else config), found


def _parsed(
    raw: dict[str, Any], keys: dict[int, tuple[str, ...]], settings: Mapping[str, Settings]
) -> tuple[StackConfig | None, list[ErrorDetails]]:
    """The configuration, or what pydantic says of it; `keys` gets the keys that each map may
    have, by its id."""
    secrets = raw.get("secrets")
    context = {
        "keys": keys,
        "secrets": secrets if isinstance(secrets, dict) else {},
        "settings": settings,
    }
    try:
        return StackConfig.model_validate(raw, context=context), []
    except ValidationError as error:
        return None, error.errors(include_url=False)


def _twice(config: StackConfig) -> Iterator[Mistake]:
    """An add-on under its name and under the old one."""
    if config.metrics is not None and METRICS_ADDON in config.addons:
        yield Mistake(
            path="slipway:metrics",
            shown=None,
            expected=f"`slipway:addons.{METRICS_ADDON}` alone, of which this is the old name",
            fix="take `metrics` out",
        )


def _keys() -> dict[str, list[str]]:
    """All configuration keys of the stack, by their namespace."""
    found: dict[str, list[str]] = {}
    # `pulumi.Config` reads keys one knows; mistyped ones show only in the whole map.
    for key in sorted({*engine_config.CONFIG.get(), *engine_config.get_config_env()}):
        namespace, _, name = key.partition(":")
        found.setdefault(namespace, []).append(name)
    return found


def _settings(keys: Mapping[str, list[str]]) -> dict[str, dict[str, Setting]]:
    """What is said of providers, by package and key."""
    foreign = keys.keys() - {_NAMESPACE, "pulumi"}
    return {
        package: {
            key: Setting(
                str(engine_config.get_config(f"{package}:{key}")),
                engine_config.is_config_secret(f"{package}:{key}"),
            )
            for key in keys[package]
        }
        for package in sorted(foreign & provider_keys.packages() if foreign else ())
    }


def _value(key: str) -> Any:
    text = pulumi.Config(_NAMESPACE).get(key)
    if text is None or key in _TEXT_KEYS:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _known_top_level(raw: dict[str, Any]) -> list[Mistake]:
    found = []
    for key in raw:
        if key not in StackConfig.model_fields:
            trial = Trial(raw, (key,), lambda changed: _parsed(changed, {}, {})[1])
            expected, fix = unknown_key(key, StackConfig.model_fields, raw, trial.of_key)
            found.append(Mistake(path=f"slipway:{key}", shown=UNKNOWN, expected=expected, fix=fix))
    return found


def _foreign(keys: Mapping[str, list[str]], settings: Mapping[str, Settings]) -> list[Mistake]:
    """Our keys under another namespace, where nobody would read them."""
    return [
        Mistake(
            path=f"{namespace if plain(namespace) else HIDDEN}:{name}",
            shown="under another project's name",
            expected=f"`slipway:{name}`",
            fix=f"take `{namespace}:{name}` out"
            if name in keys.get(_NAMESPACE, ())
            else f"did you mean `slipway:{name}`?",
        )
        for namespace, names in keys.items()
        if namespace != _NAMESPACE and namespace not in settings
        for name in names
        if name in StackConfig.model_fields
    ]


def _leaks(raw: dict[str, Any], secret_keys: set[str]) -> Iterator[Mistake]:
    exposed: set[str] = set()
    if raw.get("secrets"):
        try:
            exposed = plaintext(Path(f"Pulumi.{pulumi.get_stack()}.yaml"))
        except StackFileError as error:
            expected = f"YAML in which it can be seen whether a secret is in plain text: {error}"
            path = f"{_NAMESPACE}:secrets"
            yield Mistake(path=path, shown=None, expected=expected, fix="correct that line")
    yield from checks.secrecy(raw, secret_keys, exposed)


def _once(leaks: list[Mistake], invalid: list[Mistake]) -> list[Mistake]:
    """Of two mistakes in one value the secret in it, which would only be told to be no host or
    no number. But a kubeconfig is told as a whole, and not by each key in it."""
    _, fix = KUBECONFIG_CONTENT
    whole = [each.path for each in invalid if each.fix == fix]
    leaks = [each for each in leaks if not any(below(each.path, path) for path in whole)]
    leaking = {each.path for each in leaks}
    return [*leaks, *(each for each in invalid if each.path not in leaking)]


def _text(found: list[Mistake]) -> str:
    many = "1 mistake" if len(found) == 1 else f"{len(found)} mistakes"
    listing = "\n".join(f"  {entry}" for entry in sorted(found, key=lambda each: each.path))
    return f"{many} in Pulumi.{pulumi.get_stack()}.yaml; nothing was created.\n{listing}"
