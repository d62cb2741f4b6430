"""Completing inputs before they are compared and applied: kind, name, namespace, secrets."""

from __future__ import annotations

from typing import Any

from local.plugins.kubernetes import naming
from local.plugins.kubernetes.checkpoint import mark_secrets
from local.plugins.kubernetes.errors import ApiError, KindNotFoundError, UnreachableError
from local.plugins.kubernetes.kinds import from_token, is_namespaced, is_patch
from local.plugins.kubernetes.provider import Provider
from local.plugins.kubernetes.prune import without_server_metadata
from local.plugins.protocol import provider_pb2
from local.plugins.values import Properties, Secret, Unknown, reveal

Failures = list[tuple[str, str]]


async def check(
    provider: Provider,
    *,
    token: str,
    resource_name: str,
    old: Properties,
    new: Properties,
    seed: bytes,
    autonaming: Any,
) -> tuple[Properties, Failures]:
    """The inputs as they will be applied, and what is wrong with them as (property, reason).

    Raises ValueError for a type that names no API kind.
    """
    api_version, kind = from_token(token)
    if refusal := _refused(token, kind, new):
        return new, [refusal]
    inputs = without_server_metadata({"apiVersion": api_version, "kind": kind, **new})
    if reveal(inputs.get("metadata")) is None:
        inputs["metadata"] = {}
    if old:
        naming.adopt_autoname(inputs, old)
    if not naming.is_named(inputs) and (
        failure := _autoname(inputs, resource_name, seed, autonaming)
    ):
        return inputs, [failure]
    await _set_namespace(provider, inputs, old)
    return mark_secrets(inputs, inputs), []


def _refused(token: str, kind: str, new: Properties) -> tuple[str, str] | None:
    if is_patch(kind) and reveal(new.get("kind")) != kind:
        return "", f"{token} is not in the stand-in of plugin kubernetes: install the official one"
    if kind.endswith("List") and "items" in new:
        return "", f"{kind} cannot be created: write each of its items as a resource of its own"
    metadata = reveal(new.get("metadata"))
    if isinstance(metadata, dict) and metadata.get("generateName") and not metadata.get("name"):
        return (
            "metadata.generateName",
            "is not possible with server-side apply: leave it out, and a name is made",
        )
    return None


def _autoname(
    inputs: Properties, resource_name: str, seed: bytes, autonaming: Any
) -> tuple[str, str] | None:
    name = naming.make_name(resource_name, seed)
    if autonaming is not None:
        options = provider_pb2.CheckRequest.AutonamingOptions
        if autonaming.mode == options.DISABLE:
            return "metadata.name", "is required: autonaming is disabled"
        name = autonaming.proposed_name or name
    naming.set_autoname(inputs, name)
    return None


async def _set_namespace(provider: Provider, inputs: Properties, old: Properties) -> None:
    """Writes the namespace that the API server would choose, so that it shows in the state.

    Asks the API only for a kind that is not built in, and not when the last inputs tell.
    """
    metadata = inputs["metadata"]
    plain = reveal(metadata)
    if isinstance(plain, Unknown) or plain.get("namespace"):
        return
    old_namespace = (reveal(old.get("metadata")) or {}).get("namespace")
    default = provider.settings.namespace or old_namespace or ""
    api_version, kind = str(reveal(inputs["apiVersion"])), str(reveal(inputs["kind"]))
    namespaced = is_namespaced(api_version, kind)
    if namespaced is None:
        namespaced = bool(old_namespace) if old else await _ask(provider, api_version, kind)
    if namespaced and default:
        inside = dict(metadata.value if isinstance(metadata, Secret) else metadata)
        inside["namespace"] = default
        inputs["metadata"] = inside


async def _ask(provider: Provider, api_version: str, kind: str) -> bool:
    try:
        return (await provider.api().resource(api_version, kind)).namespaced
    except (KindNotFoundError, ApiError, UnreachableError):
        # Its definition may be made by this very update: most kinds are namespaced, and the
        # path of one that is not has no place for a namespace.
        return True
