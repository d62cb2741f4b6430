"""Refuses a namespace that exists already, before the provider would take it over."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pulumi

from why.cluster import AskingError, NotFoundError

if TYPE_CHECKING:
    from components.contracts.cluster import Cluster

#: The annotation with the stack that made a namespace: `organization/project/stack`.
OWNER = "slipway.dev/stack"


def owner() -> str:
    """This stack, as the annotation `OWNER` has it. Stacks of two backends may have the same
    name."""
    return f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"


def before_create(name: str, namespace: str, cluster: Cluster) -> pulumi.ResourceHookBinding:
    """A hook that fails the creation of the resource `name`, also in a preview, if `namespace`
    exists.

    pulumi-kubernetes before 4.29, and a provider with `upsertExistingObjects`, would take the
    namespace over, and `pulumi destroy` would delete it with all that is in it. On a cluster that
    `adopts`, a namespace that this stack made in an update that was killed is accepted. A preview
    skips the check if the cluster does not answer or does not exist yet.
    """
    stack = owner()

    async def check(_: pulumi.ResourceHookArgs) -> None:
        kubeconfig = await cluster.kubeconfig.future()
        if kubeconfig is None:
            return
        try:
            annotations = await asyncio.to_thread(_annotations, kubeconfig, namespace)
        except AskingError as error:
            if pulumi.runtime.is_dry_run():
                return
            raise ValueError(
                f"the cluster does not say whether namespace `{namespace}` exists: {error}"
            ) from error
        if annotations is None or (cluster.adopts and annotations.get(OWNER) == stack):
            return
        raise ValueError(_refusal(namespace, annotations.get(OWNER), stack))

    hook = pulumi.ResourceHook(f"{name}-is-new", check, pulumi.ResourceHookOptions(on_dry_run=True))
    return pulumi.ResourceHookBinding(before_create=[hook])


def _refusal(namespace: str, made_by: str | None, stack: str) -> str:
    origin = f"made by stack `{made_by}`" if made_by else "not made by Slipway"
    fix = f"`kubectl delete namespace {namespace}`, if nothing in it is needed"
    if made_by != stack:
        fix = f"choose another `slipway:namespace`, or {fix}"
    return (
        f"namespace `{namespace}` exists already, {origin}: this stack would delete it with all "
        f"that is in it when it is destroyed; expected a namespace that the stack makes; fix: {fix}"
    )


def _annotations(kubeconfig: str, namespace: str) -> Mapping[str, str] | None:
    """The annotations of the namespace; None if it does not exist. Raises `AskingError`."""
    # Importing the client library takes a third of a second: only a stack that creates a namespace
    # needs it.
    from components.api_reader import api_reader

    try:
        found = json.loads(api_reader(kubeconfig)(f"/api/v1/namespaces/{namespace}"))
    except NotFoundError:
        return None
    annotations: Mapping[str, str] = found["metadata"].get("annotations") or {}
    return annotations
