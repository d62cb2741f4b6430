"""`load`: the stack's configuration, whole and valid, or every mistake in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import config as engine_config
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from components.config import checks, identities, names, servers
from components.config.report import Mistake, mistakes
from components.config.stack_config import StackConfig
from components.config.trials import Trial, unknown_key

_NAMESPACE = "slipway"
#: Values of these keys are text; those of all others are JSON, as Pulumi hands maps over.
_TEXT_KEYS = frozenset({"namespace"})


def load() -> StackConfig:
    """Read what the stack file says under `slipway:`.

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
    plaintext = _plaintext_in_file() if raw.get("secrets") else set()
    found = [*_foreign(keys), *_known_top_level(raw)]
    config, invalid = validate({key: raw[key] for key in raw if key in StackConfig.model_fields})
    leaks = list(checks.secrecy(raw, secret_keys, plaintext))
    # What else is wrong with such a value would repeat parts of it.
    leaking = {each.path for each in leaks}
    found += [*leaks, *(each for each in invalid if each.path not in leaking)]
    if not found and config is not None:
        silence = config.cluster.unreachable()
        if silence is None:
            return config
        if pulumi.runtime.is_dry_run():
            pulumi.log.warn(f"slipway:cluster: {silence}; this preview does not see its objects")
            return config
        fix = "start the cluster, or check address and network, and run it again"
        found = [
            Mistake(
                path="slipway:cluster",
                shown=silence,
                expected="a cluster that answers",
                fix=fix,
            )
        ]
    raise pulumi.RunError(_text(found))


def validate(raw: dict[str, Any]) -> tuple[StackConfig | None, list[Mistake]]:
    """`raw`, by top-level key without `slipway:`, as a `StackConfig`; or None and the mistakes."""
    keys: dict[int, tuple[str, ...]] = {}
    config, errors = _parsed(raw, keys)
    found = mistakes(errors, raw, keys, lambda changed: _parsed(changed, {})[1])
    found += [*checks.clashes(raw), *checks.references(raw), *servers.disagreements(raw)]
    found += [*identities.missing(raw), *names.missing(raw)]
    return (None if found else config), found


def _parsed(
    raw: dict[str, Any], keys: dict[int, tuple[str, ...]]
) -> tuple[StackConfig | None, list[ErrorDetails]]:
    """The configuration, or what pydantic says of it; `keys` gets the keys that each map may
    have, by its id."""
    secrets = raw.get("secrets")
    context = {"keys": keys, "secrets": secrets if isinstance(secrets, dict) else {}}
    try:
        return StackConfig.model_validate(raw, context=context), []
    except ValidationError as error:
        return None, error.errors(include_url=False)


def _keys() -> dict[str, list[str]]:
    """All configuration keys of the stack, by their namespace."""
    found: dict[str, list[str]] = {}
    # `pulumi.Config` reads keys one knows; mistyped ones show only in the whole map.
    for key in sorted({*engine_config.CONFIG.get(), *engine_config.get_config_env()}):
        namespace, _, name = key.partition(":")
        found.setdefault(namespace, []).append(name)
    return found


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
            trial = Trial(raw, (key,), lambda changed: _parsed(changed, {})[1])
            expected, fix = unknown_key(key, StackConfig.model_fields, raw, trial.of_key)
            found.append(
                Mistake(path=f"slipway:{key}", shown="unknown", expected=expected, fix=fix)
            )
    return found


def _foreign(keys: dict[str, list[str]]) -> list[Mistake]:
    """Our keys under another namespace, where nobody would read them."""
    return [
        Mistake(
            path=f"{namespace}:{name}",
            shown="under another project's name",
            expected=f"`slipway:{name}`",
            fix=f"take `{namespace}:{name}` out"
            if name in keys.get(_NAMESPACE, ())
            else f"did you mean `slipway:{name}`?",
        )
        for namespace, names in keys.items()
        if namespace != _NAMESPACE
        for name in names
        if name in StackConfig.model_fields
    ]


def _plaintext_in_file() -> set[str]:
    """Names in `slipway:secrets` that stand in the stack file unencrypted. Pulumi itself tells
    secrecy of the whole key only, so one encrypted value would hide that another is not. Empty
    where the stack's file is not beside `Pulumi.yaml`."""
    path = Path(f"Pulumi.{pulumi.get_stack()}.yaml")
    if not path.is_file():
        return set()
    import yaml  # only a stack with secrets pays for it

    document = yaml.safe_load(path.read_text())
    section = document.get("config") if isinstance(document, dict) else None
    named = section.get(f"{_NAMESPACE}:secrets") if isinstance(section, dict) else None
    if not isinstance(named, dict) or "secure" in named:
        return set()
    return {
        name
        for name, value in named.items()
        if not (isinstance(value, dict) and set(value) == {"secure"})
    }


def _text(found: list[Mistake]) -> str:
    many = "1 mistake" if len(found) == 1 else f"{len(found)} mistakes"
    listing = "\n".join(f"  {entry}" for entry in sorted(found, key=lambda each: each.path))
    return f"{many} in Pulumi.{pulumi.get_stack()}.yaml; nothing was created.\n{listing}"
