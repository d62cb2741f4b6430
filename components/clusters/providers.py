"""Explicit providers, with what the stack file says of them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import pulumi

from components.config.provider_keys import Settings
from components.sdk_arguments import provider_arguments

if TYPE_CHECKING:
    from pulumi_kubernetes import Provider

_Provider = TypeVar("_Provider", bound=pulumi.ProviderResource)


def make_provider(
    kind: Callable[..., _Provider],
    package: str,
    name: str,
    settings: Settings,
    opts: pulumi.ResourceOptions | None = None,
    **own: Any,
) -> _Provider:
    """The provider of `package`, of the SDK's class `kind`, with `settings` of the stack file as
    the engine gives them to a default provider, and the arguments `own`. Of a map both parts hold;
    where they say the same, `own` wins."""
    arguments = provider_arguments(package)
    given: dict[str, Any] = {}
    for key, setting in settings.items():
        value = setting.value(arguments[key].shape)
        given[arguments[key].python] = pulumi.Output.secret(value) if setting.secret else value
    for key, value in own.items():
        if value is not None:
            given[key] = _merged(given.get(key), value)
    return kind(name, **given, opts=opts)


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
    """A provider that reads no other kubeconfig than this one; with `adopt` it takes over objects
    that exist already. Secrets change in place, unless they are `immutable` or `settings` say
    otherwise: a registry's new password is no roll-out."""
    from pulumi_kubernetes import Provider

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
    """What a provider of `package` that is told no `key` takes from the environment, as far as its
    SDK knows: `region` from `AWS_REGION`."""
    found = getattr(importlib.import_module(f"pulumi_{package}.config"), key, None)
    return found if isinstance(found, str) else None
