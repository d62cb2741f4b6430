"""What the engine asks of `pulumi-resource-kubernetes`, in terms of Kubernetes objects."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from local.plugins.diff import Change, changes
from local.plugins.engine import Engine
from local.plugins.kubernetes import checkpoint, prune
from local.plugins.kubernetes.annotations import (
    AUTONAMED,
    FIELD_MANAGER,
    PATCH_FORCE,
    annotation,
    is_true,
    timeout,
)
from local.plugins.kubernetes.api import Api
from local.plugins.kubernetes.errors import (
    ApiError,
    KindNotFoundError,
    NotReadyError,
    UnreachableError,
)
from local.plugins.kubernetes.immutable import replaces
from local.plugins.kubernetes.managers import new_manager
from local.plugins.kubernetes.naming import is_named, name_of
from local.plugins.kubernetes.settings import Settings
from local.plugins.kubernetes.writing import Writer
from local.plugins.values import UNKNOWN, Properties, contains_unknown, reveal

Object = dict[str, Any]


class Partial(Exception):
    """The object is there, with `outputs`, but `reasons` keep it from being ready."""

    def __init__(self, object_id: str, outputs: Properties, error: NotReadyError) -> None:
        super().__init__(str(error))
        self.id = object_id
        self.outputs = outputs
        self.inputs: Properties | None = None
        self.reasons = error.reasons


@dataclass
class Difference:
    """Paths that changed, and those of them that make the object anew."""

    changed: dict[str, Change] = field(default_factory=dict)
    replaces: set[str] = field(default_factory=set)
    delete_before_replace: bool = False


class Provider:
    """One configured provider: resources of one cluster."""

    def __init__(self, settings: Settings, engine: Engine, cancelled: asyncio.Event) -> None:
        self._settings = settings
        self._engine = engine
        self._cancelled = cancelled
        self._api = Api(settings.config) if settings.config else None
        self._warned_unreachable = False

    @property
    def settings(self) -> Settings:
        return self._settings

    def api(self) -> Api:
        """The cluster's API; raises UnreachableError when the kubeconfig cannot be used."""
        if self._api is None:
            raise UnreachableError(
                "its kubeconfig is not known yet"
                if self._settings.is_unknown
                else self._settings.problem
            )
        return self._api

    async def diff(
        self, urn: str, old: Properties, new: Properties, outputs: Properties
    ) -> Difference:
        """What changed between two inputs; asks the API only about a change that no table knows."""
        found = Difference(changes(old, new))
        if not found.changed:
            return found
        body = checkpoint.to_object(new)
        found.replaces = {
            path for path in found.changed if replaces(path, body, self._settings.mutable_kinds)
        }
        if not found.replaces and not contains_unknown(body) and self._api is not None:
            try:
                fields = await self._writer(urn).immutable_fields(
                    body, manager=self._manager(body, outputs)
                )
            except UnreachableError:
                fields = []
            if fields:
                within = {
                    path
                    for path in found.changed
                    if any(name and path.startswith(name.split("[")[0]) for name in fields)
                }
                found.replaces = within or set(found.changed)
        same_place = name_of(new) == name_of(old) and reveal(
            (new.get("metadata") or {}).get("namespace")
        ) == reveal((old.get("metadata") or {}).get("namespace"))
        found.delete_before_replace = bool(
            found.replaces and is_named(new) and not is_true(body, AUTONAMED) and same_place
        )
        return found

    async def create(
        self, urn: str, inputs: Properties, *, preview: bool, seconds: float
    ) -> tuple[str, Properties]:
        """(id, outputs) of a new object; raises Partial when it is there but not ready."""
        body = checkpoint.to_object(inputs)
        manager, writer = self._manager(body, {}), None
        upsert = self._settings.upsert
        if preview:
            if contains_unknown(body) or self._settings.is_unknown:
                return "", inputs
            try:
                writer = self._writer(urn)
                seen = await writer.preview_create(body, upsert=upsert, manager=manager)
            except UnreachableError as error:
                await self._warn_unreachable(urn, error)
                seen = None
            if seen is None:
                return "", inputs
            return "", checkpoint.checkpoint(_previewed(seen, body), inputs, field_manager=manager)
        writer = self._writer(urn)
        live = await writer.create(body, upsert=upsert, manager=manager, force=self._force(body))
        return await self._finish(writer, live, body, inputs, manager, seconds)

    async def update(
        self,
        urn: str,
        outputs: Properties,
        inputs: Properties,
        *,
        ignored: list[str],
        preview: bool,
        seconds: float,
    ) -> Properties:
        """The outputs after an update; raises Partial when it is not ready afterwards."""
        body = checkpoint.to_object(inputs)
        manager = self._manager(body, outputs)
        if preview and (contains_unknown(body) or self._settings.is_unknown):
            return inputs
        try:
            writer = self._writer(urn)
            live = await writer.update(
                body,
                manager=manager,
                force=self._force(body),
                ignored=ignored,
                dry_run=preview,
            )
        except UnreachableError as error:
            if not preview:
                raise
            await self._warn_unreachable(urn, error)
            return inputs
        except (ApiError, KindNotFoundError) as error:
            if preview and (isinstance(error, KindNotFoundError) or error.code == 403):
                return inputs
            raise
        if preview:
            live["metadata"]["resourceVersion"] = UNKNOWN
            return checkpoint.checkpoint(live, inputs, field_manager=manager)
        _, finished = await self._finish(writer, live, body, inputs, manager, seconds)
        return finished

    async def read(
        self,
        urn: str,
        object_id: str,
        api_version: str,
        kind: str,
        inputs: Properties,
        old: Properties,
    ) -> tuple[str, Properties, Properties] | None:
        """(id, inputs, outputs) of the live object; None when it is gone."""
        namespace, _, name = object_id.rpartition("/")
        metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
        wanted = checkpoint.to_object(inputs)
        target = {
            "apiVersion": wanted.get("apiVersion") or api_version,
            "kind": wanted.get("kind") or kind,
            "metadata": metadata,
        }
        try:
            live = await self.api().get(target)
        except KindNotFoundError:
            return None
        except ApiError as error:
            if error.not_found:
                return None
            raise
        seen = prune.prune(live, wanted) if inputs else prune.importable(live)
        marked = checkpoint.mark_secrets(seen, inputs or seen)
        manager = self._manager(wanted, old)
        initial = str(reveal(old.get(checkpoint.INITIAL_API_VERSION)) or "")
        outputs = checkpoint.checkpoint(live, marked, field_manager=manager, initial=initial)
        if inputs and (lacking := await self._writer(urn).missing_now(live, wanted)):
            partial = Partial(object_id, outputs, NotReadyError(lacking[0], lacking[1:], live))
            partial.inputs = marked
            raise partial
        return object_id, marked, outputs

    async def delete(self, urn: str, outputs: Properties, object_id: str, seconds: float) -> None:
        """Deletes and waits until the object is gone."""
        live = checkpoint.to_object(outputs)
        body = checkpoint.to_object(outputs.get(checkpoint.INPUTS) or {})
        namespace, _, name = object_id.rpartition("/")
        live.setdefault("metadata", {}).update(name=name)
        if namespace:
            live["metadata"]["namespace"] = namespace
        live["apiVersion"] = live.get("apiVersion") or body.get("apiVersion")
        live["kind"] = live.get("kind") or body.get("kind")
        try:
            await self._writer(urn).delete(live, body, timeout(seconds, body))
        except UnreachableError as error:
            if not self._settings.delete_unreachable:
                raise UnreachableError(
                    f"{str(error).partition(': ')[2]}. If the cluster is gone for good, remove "
                    "the resource from the state with PULUMI_K8S_DELETE_UNREACHABLE=true"
                ) from error
            await self._engine.warn(urn, f"{error}; the resource is removed from the state")

    async def _finish(
        self,
        writer: Writer,
        live: Object,
        body: Object,
        inputs: Properties,
        manager: str,
        seconds: float,
    ) -> tuple[str, Properties]:
        try:
            live = await writer.wait(live, body, timeout(seconds, body))
        except NotReadyError as error:
            outputs = checkpoint.checkpoint(error.live, inputs, field_manager=manager)
            raise Partial(_id(error.live), outputs, error) from error
        return _id(live), checkpoint.checkpoint(live, inputs, field_manager=manager)

    def _writer(self, urn: str) -> Writer:
        async def status(message: str) -> None:
            await self._engine.status(urn, message)

        async def warn(message: str) -> None:
            await self._engine.warn(urn, message)

        return Writer(self.api(), self._cancelled, status, warn)

    async def _warn_unreachable(self, urn: str, error: UnreachableError) -> None:
        if not self._warned_unreachable:
            self._warned_unreachable = True
            await self._engine.warn(urn, f"{error}. The preview is incomplete")

    def _manager(self, body: Object, outputs: Properties) -> str:
        known = reveal(outputs.get(checkpoint.FIELD_MANAGER))
        return annotation(body, FIELD_MANAGER) or (str(known) if known else new_manager())

    def _force(self, body: Object) -> bool:
        return self._settings.patch_force or is_true(body, PATCH_FORCE)


def _id(live: Object) -> str:
    namespace = live["metadata"].get("namespace")
    name = str(live["metadata"]["name"])
    return f"{namespace}/{name}" if namespace else name


def _previewed(seen: Object, body: Object) -> Object:
    """A dry run's answer less what the API server will choose again in earnest."""
    live = {key: value for key, value in seen.items() if key != "status"}
    live["metadata"] = {
        **live["metadata"],
        **dict.fromkeys(("uid", "creationTimestamp", "resourceVersion"), UNKNOWN),
    }
    if live.get("kind") == "Service":
        asked = body.get("spec") or {}
        chosen = [key for key in ("clusterIP", "clusterIPs") if key not in asked]
        live["spec"] = {**live["spec"], **dict.fromkeys(chosen, UNKNOWN)}
    return live
