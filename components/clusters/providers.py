"""Explicit providers, configured with the stack file's settings."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import pulumi
from pulumi_kubernetes import Provider

from components.config.provider_keys import Settings
from components.sdk_arguments import provider_arguments

_Provider = TypeVar("_Provider", bound=pulumi.ProviderResource)


def make_provider(
    kind: Callable[..., _Provider],
    package: str,
    name: str,
    settings: Settings,
    opts: pulumi.ResourceOptions | None = None,
    **own: Any,
) -> _Provider:
    """A provider of `package`, whose class in the SDK is `kind`. It gets the stack file's
    `settings`, converted as the engine does for a default provider, and the arguments `own`. Maps
    are merged, and `own` overrides `settings`."""
    arguments = provider_arguments(package)
    values: dict[str, Any] = {}
    for key, setting in settings.items():
        value = setting.value(arguments[key].shape)
        values[arguments[key].python] = pulumi.Output.secret(value) if setting.secret else value
    for key, value in own.items():
        if value is not None:
            values[key] = _merged(values.get(key), value)
    return kind(name, **values, opts=opts)


def _merged(setting: Any, own: Any) -> Any:
    if not isinstance(own, Mapping) or setting is None:
        return own
    if isinstance(setting, pulumi.Output):
        return setting.apply(lambda value: _merged(value, own))
    return {**setting, **{key: _merged(setting.get(key), value) for key, value in own.items()}}


def kubernetes_provider(
    name: str,
    settings: Settings,
    opts: pulumi.ResourceOptions,
    *,
    kubeconfig: pulumi.Input[str],
    adopt: bool = False,
) -> Provider:
    """A provider that uses only `kubeconfig`. With `adopt` it takes over existing objects. It
    updates Secrets in place, unless they are `immutable` or `settings` disable that, so that a
    registry's new password causes no roll-out."""
    return make_provider(
        Provider,
        "kubernetes",
        name,
        settings,
        opts,
        kubeconfig=kubeconfig,
        enable_secret_mutable=None if "enableSecretMutable" in settings else True,
        upsert_existing_objects=adopt or None,
    )


def ambient(package: str, key: str) -> str | None:
    """The value that a provider of `package` without the setting `key` takes from the environment,
    such as `region` from `AWS_REGION`. None if the SDK finds none."""
    value = getattr(importlib.import_module(f"pulumi_{package}.config"), key, None)
    return value if isinstance(value, str) else None
