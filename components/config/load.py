"""`load`: the configuration of the stack, or all mistakes in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import config as engine_config
from pydantic_core import ErrorDetails

from components.config import checks, provider_keys, secret_scan
from components.config.mistakes import Location, Mistake, below, key_path
from components.config.parsing import StackFile, parse, parts
from components.config.plaintext import StackFileError, plaintext
from components.config.provider_keys import Setting, Settings
from components.config.redaction import Redaction
from components.config.report import UNKNOWN, as_error, mistakes
from components.config.secret_scan import HIDDEN, KUBECONFIG_CONTENT, plain
from components.config.stack_config import StackConfig
from components.config.trials import Trial, unknown_key

_NAMESPACE = "slipway"
#: Keys whose values are text. Pulumi returns the values of all others, which are maps, as JSON.
_TEXT_KEYS = frozenset({"namespace"})
OLD_METRICS = (
    "slipway:metrics is the old name of `slipway:addons.metrics-server`: write `metrics-server: {}` "
    "there in place of `metrics-server`, and `metrics-server: {kind: present}` in place of `present`"
)


def load() -> StackConfig:
    """Read the values under `slipway:` in the stack file, and the settings of providers.

    Raises `pulumi.RunError` with all mistakes in one text, before any resource is registered.
    A cluster that does not answer is a mistake at `up` and a warning at `preview`, since pull
    requests are previewed where no cluster is reachable.
    """
    keys = _keys()
    secret_keys = {
        key
        for key in keys.get(_NAMESPACE, ())
        if engine_config.is_config_secret(f"{_NAMESPACE}:{key}")
    }
    raw = {key: _value(key) for key in keys.get(_NAMESPACE, ())}
    settings = _settings(keys)
    known = {key: raw[key] for key in raw if key in StackConfig.model_fields}
    file = StackFile(raw=known, settings=settings)
    config, invalid = _validated(file)
    found = [*_foreign(keys, settings), *_unknown_keys(raw)]
    found += _once(list(_secrets(raw, secret_keys)), invalid)
    hidden = Redaction(raw, {**file.keys, id(raw): tuple(StackConfig.model_fields)}, secret_keys)
    if not found and config is not None:
        found = _unreachable(config, hidden)
        if not found:
            if config.metrics is not None:
                pulumi.log.warn(OLD_METRICS)
            return config
    raise pulumi.RunError(_text(hidden.mistakes(found)))


def _unreachable(config: StackConfig, hidden: Redaction) -> list[Mistake]:
    """The mistake of a cluster that does not answer. A preview only warns."""
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
    """The values `raw`, by top-level key without `slipway:`, as a `StackConfig`; or None and the
    mistakes, in which what may be a credential is hidden. `settings` holds those of providers, by
    package."""
    file = StackFile(raw=raw, settings=settings or {})
    config, found = _validated(file)
    return config, Redaction(raw, file.keys).mistakes(found) if found else []


def _validated(file: StackFile) -> tuple[StackConfig | None, list[Mistake]]:
    """`validate` before what may be a credential is hidden."""
    config, errors = parse(file)
    found = mistakes(errors, file.raw, file.keys, lambda *changed: _errors_at(file, *changed))
    found += checks.mistakes(parts(file, config, errors))
    return (None if found else config), found


def _errors_at(file: StackFile, raw: dict[str, Any], location: Location) -> list[ErrorDetails]:
    """The errors at `location` and below it if `file` had the values `raw`."""
    changed = replace(file, raw=raw, keys={})
    config, errors = parse(changed)
    found = [each for each in errors if each["loc"][: len(location)] == location]
    if found:
        return found
    path = key_path(location)
    return [
        as_error(each, location if each.path == path else (*location, each.path))
        for each in checks.mistakes(parts(changed, config, errors))
        if below(each.path, path)
    ]


def _keys() -> dict[str, list[str]]:
    """All configuration keys of the stack, by namespace."""
    found: dict[str, list[str]] = {}
    # `pulumi.Config` reads keys by name, so misspelt keys are only in the whole map.
    for key in sorted({*engine_config.CONFIG.get(), *engine_config.get_config_env()}):
        namespace, _, name = key.partition(":")
        found.setdefault(namespace, []).append(name)
    return found


def _settings(keys: Mapping[str, list[str]]) -> dict[str, dict[str, Setting]]:
    """The settings of providers, by package and key."""
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


def _unknown_keys(raw: dict[str, Any]) -> list[Mistake]:
    """Top-level keys that no stack file has."""
    found, file = [], StackFile(raw=raw)
    for key in raw:
        if key not in StackConfig.model_fields:
            trial = Trial(raw, (key,), lambda *changed: _errors_at(file, *changed))
            expected, fix = unknown_key(key, StackConfig.model_fields, raw, trial.of_key)
            found.append(Mistake(path=f"slipway:{key}", shown=UNKNOWN, expected=expected, fix=fix))
    return found


def _foreign(keys: Mapping[str, list[str]], settings: Mapping[str, Settings]) -> list[Mistake]:
    """Keys of this program under another namespace, where nothing reads them."""
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


def _secrets(raw: dict[str, Any], secret_keys: set[str]) -> Iterator[Mistake]:
    exposed: set[str] = set()
    if raw.get("secrets"):
        try:
            exposed = plaintext(Path(f"Pulumi.{pulumi.get_stack()}.yaml"))
        except StackFileError as error:
            expected = f"YAML in which it can be seen whether a secret is in plain text: {error}"
            path = f"{_NAMESPACE}:secrets"
            yield Mistake(path=path, shown=None, expected=expected, fix="correct that line")
    yield from secret_scan.mistakes(raw, secret_keys, exposed)


def _once(leaks: list[Mistake], invalid: list[Mistake]) -> list[Mistake]:
    """All mistakes, but for a value with a secret only that one. Its other mistakes, such as not
    being a host name, are beside the point. For the content of a kubeconfig it is the other way
    round: one mistake in place of one for each secret in it."""
    _, fix = KUBECONFIG_CONTENT
    whole = [each.path for each in invalid if each.fix == fix]
    leaks = [each for each in leaks if not any(below(each.path, path) for path in whole)]
    leaking = {each.path for each in leaks}
    return [*leaks, *(each for each in invalid if each.path not in leaking)]


def _text(found: list[Mistake]) -> str:
    many = "1 mistake" if len(found) == 1 else f"{len(found)} mistakes"
    listing = "\n".join(f"  {entry}" for entry in sorted(found, key=lambda each: each.path))
    return f"{many} in Pulumi.{pulumi.get_stack()}.yaml; nothing was created.\n{listing}"
