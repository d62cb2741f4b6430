"""`explained`: a hook that prints why an operation on a Kubernetes object failed.

The provider's own message names only a condition ("timed out waiting to be Ready"). A Pulumi error
hook reads the reason from the cluster and prints it in addition to that message."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import pulumi
from pulumi.resource import DependencyResource

from why.cluster import AskingError, Cluster, Reference
from why.explain import Explanation, explain
from why.states import available_replicas

T = TypeVar("T")

#: Seconds for all requests about one failure.
_SECONDS = 10.0
#: Seconds for the whole explanation, since the requests' timeouts do not bound an exec plugin.
_PATIENCE = _SECONDS + 5.0
_NAME = "slipway-why"
_INSTANCE = "app.kubernetes.io/instance"
#: Many objects may fail at once. Only the first of them runs an exec plugin.
_one_login = threading.Lock()


class _Failures:
    """What this run of the program knows about the cluster and about failed operations."""

    kubeconfig: pulumi.Output[str] | None = None
    """The kubeconfig of the stack's cluster; None until the cluster is declared."""

    def __init__(self) -> None:
        self.still_serving: set[str] = set()


_failures = _Failures()


def use_kubeconfig(kubeconfig: pulumi.Output[str]) -> None:
    """Explain failures by the cluster of `kubeconfig` from now on. The hook is registered here, so
    that it also explains failures of objects that the program no longer declares."""
    _failures.kubeconfig = kubeconfig
    explained()


def still_serves(urn: str) -> bool:
    """Whether an operation on this Deployment failed in this run while it has available pods."""
    return urn in _failures.still_serving


@functools.cache
def explained() -> pulumi.ResourceHookBinding:
    """The option `hooks` of every Kubernetes object. The hook is registered with the engine at the
    first call."""
    return pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook(_NAME, _on_error)])


async def _on_error(args: pulumi.ErrorHookArgs) -> bool:
    """Print the reason. The operation is never retried."""
    reference = reference_of(args)
    if reference is None or _failures.kubeconfig is None:
        return False
    try:
        found = await asyncio.wait_for(_ask(_failures.kubeconfig, reference, args), _PATIENCE)
    except TimeoutError:
        reason = f"the cluster cannot be asked for the reason: no answer within {_PATIENCE:g} s"
        found = Explanation(None, [reason])
    await report(args.urn, reference, args.failed_operation, found)
    return False


async def kubeconfig() -> str | None:
    """The kubeconfig of the stack's cluster; None if the cluster does not exist yet."""
    return await _failures.kubeconfig.future() if _failures.kubeconfig else None


async def report(urn: str, reference: Reference, operation: str, found: Explanation) -> None:
    """Print why `operation` on the resource `urn` failed, and record whether pods still serve."""
    if found.live is not None and available_replicas(found.live):
        _failures.still_serving.add(urn)
    if text := failure_text(reference, operation, found):
        await _print(text, urn)


async def _ask(
    kubeconfig: pulumi.Output[str], reference: Reference, args: pulumi.ErrorHookArgs
) -> Explanation:
    text = await kubeconfig.future()
    if not text:
        return Explanation(None, ["the cluster cannot be asked for the reason: it is not made yet"])
    return await in_thread(lambda: _explain(text, reference, args.errors))


def _explain(kubeconfig: str, reference: Reference, errors: list[str]) -> Explanation:
    from components.api_reader import api_reader

    try:
        with _one_login:
            cluster = Cluster(api_reader(kubeconfig), _SECONDS)
    except AskingError as error:
        return Explanation(None, [f"the cluster cannot be asked for the reason: {error}"])
    return explain(cluster, reference, errors)


def reference_of(args: pulumi.ErrorHookArgs | pulumi.ResourceHookArgs) -> Reference | None:
    """The object of an operation; None if it has no name yet."""
    _, version, kind = args.type.split(":")
    group, _, number = version.partition("/")
    api_version = number if group == "core" else version
    metadata: Any = (args.new_inputs or args.old_inputs or {}).get("metadata")
    if not isinstance(metadata, Mapping):  # a secret is not read
        metadata = {}
    namespace, _, name = args.id.rpartition("/")
    name = name or str(metadata.get("name") or "")
    if not name:
        return None
    return Reference(
        api_version=api_version,
        kind=kind,
        name=name,
        namespace=namespace or metadata.get("namespace"),
    )


def failure_text(reference: Reference, operation: str, found: Explanation) -> str | None:
    """The text to print: a title, the reasons, and the command that shows the present ones. None
    if the object does not exist and nothing is known beyond the provider's message."""
    if not found.reasons and found.live is None:
        return None
    if operation == "delete":
        state = "is still there"
    else:
        state = "cannot be created" if found.live is None else "is not ready"
    reasons = found.reasons or ["no reason is visible on the cluster now"]
    labels = ((found.live or {}).get("metadata") or {}).get("labels") or {}
    model = f" {labels[_INSTANCE]}" if _INSTANCE in labels else ""
    return "\n".join(
        [
            f"why {reference} {state}:",
            *(f"    {reason}" for reason in reasons),
            f"`python -m client why{model}` shows the present state.",
        ]
    )


async def _print(text: str, urn: str) -> None:
    """Print `text` as an error of the resource, and wait until the engine has it: `pulumi.log`
    sends it in a task of its own."""
    before = asyncio.all_tasks()
    pulumi.log.error(text, DependencyResource(urn))
    await asyncio.gather(*(asyncio.all_tasks() - before))


def in_thread(function: Callable[[], T]) -> Awaitable[T]:
    """Run `function` in a daemon thread. The program's end does not wait for it, as it would for a
    thread of `asyncio.to_thread`."""
    loop = asyncio.get_running_loop()
    result: asyncio.Future[T] = loop.create_future()

    def finish(setter: Callable[[Any], None], value: Any) -> None:
        if not result.done():
            setter(value)

    def run() -> None:
        try:
            found = function()
        except Exception as error:  # noqa: BLE001  # the engine prints it as the hook's error
            loop.call_soon_threadsafe(finish, result.set_exception, error)
        else:
            loop.call_soon_threadsafe(finish, result.set_result, found)

    threading.Thread(target=run, daemon=True, name=_NAME).start()
    return result
