"""The gRPC side of `pulumi-resource-kubernetes`: messages in, messages out."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Any

import grpc.aio
from google.protobuf import empty_pb2

from local.plugins.diff import Change, changes, split
from local.plugins.engine import Engine
from local.plugins.kubernetes import chart, checkpoint
from local.plugins.kubernetes.checking import check
from local.plugins.kubernetes.errors import ApiError, KindNotFoundError, UnreachableError
from local.plugins.kubernetes.kinds import from_token
from local.plugins.kubernetes.provider import Difference, Partial, Provider
from local.plugins.kubernetes.settings import cluster_identity, settings
from local.plugins.protocol import provider_pb2
from local.plugins.servicer import Context, ResourceServicer, refuse, refuse_partially
from local.plugins.values import Properties, Unknown, decode, encode, reveal

_Method = Callable[[Any, Any, Context], Awaitable[Any]]
_CLUSTER_KEYS = ("kubeconfig", "context", "cluster")


def _named_errors(verb: str) -> Callable[[_Method], _Method]:
    """Answers what a cluster or a program did wrong with one message that names the object."""

    def wrap(method: _Method) -> _Method:
        @functools.wraps(method)
        async def call(self: Any, request: Any, context: Context) -> Any:
            try:
                return await method(self, request, context)
            except Partial as error:
                await refuse_partially(
                    context,
                    str(error),
                    object_id=error.id,
                    outputs=error.outputs,
                    inputs=error.inputs,
                    reasons=error.reasons,
                )
            except KindNotFoundError as error:
                await refuse(
                    context,
                    f"{verb} of {_what(request)} failed: the API server does not serve this kind. "
                    f"Verify that any required CRDs have been created: {error}",
                )
            except ApiError as error:
                await refuse(context, f"{verb} of {_what(request)} failed: {_words(error)}")
            except (UnreachableError, ValueError) as error:
                await refuse(context, str(error))

        return call

    return wrap


class KubernetesServicer(ResourceServicer):
    """Resources of every API kind, and `kubernetes:helm.sh/v4:Chart`."""

    name = "kubernetes"

    def __init__(self, engine: Engine, version: str) -> None:
        super().__init__(engine, version)
        self._cancelled = asyncio.Event()
        self._provider: Provider | None = None

    @property
    def provider(self) -> Provider:
        if self._provider is None:
            raise ValueError("the provider was not configured: Configure comes first")
        return self._provider

    async def Configure(self, request: Any, context: Context) -> Any:
        prefix = "kubernetes:config:"
        arguments: Properties = {
            key.removeprefix(prefix): value for key, value in request.variables.items()
        }
        arguments.update(decode(request.args))
        self._provider = Provider(settings(arguments), self.engine, self._cancelled)
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True
        )

    async def DiffConfig(self, request: Any, context: Context) -> Any:
        old, new = decode(request.old_inputs or request.olds), decode(request.news)
        changed = sorted({str((split(path) or [path])[0]) for path in changes(old, new)})
        response = provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)
        if not changed:
            return response
        response.changes = provider_pb2.DiffResponse.DIFF_SOME
        response.diffs.extend(changed)
        moved = [key for key in _CLUSTER_KEYS if key in changed]
        unknown = [key for key in moved if isinstance(reveal(new.get(key)), Unknown)]
        identifier = [reveal(inputs.get("clusterIdentifier")) for inputs in (old, new)]
        if all(identifier):
            if identifier[0] != identifier[1]:
                response.replaces.append("clusterIdentifier")
        elif unknown:
            response.replaces.extend(unknown)
        elif moved:
            # The same cluster under renewed credentials is no reason to make everything anew.
            before, after = cluster_identity(old), cluster_identity(new)
            if before and after and before != after:
                response.replaces.extend(moved)
        return response

    @_named_errors("check")
    async def Check(self, request: Any, context: Context) -> Any:
        inputs, failures = await check(
            self.provider,
            token=request.type or _type_of(request.urn),
            resource_name=request.name or request.urn.rpartition("::")[2],
            old=decode(request.olds),
            new=decode(request.news),
            seed=request.randomSeed,
            autonaming=request.autonaming if request.HasField("autonaming") else None,
        )
        return provider_pb2.CheckResponse(
            inputs=encode(inputs),
            failures=[
                provider_pb2.CheckFailure(property=name, reason=why) for name, why in failures
            ],
        )

    @_named_errors("diff")
    async def Diff(self, request: Any, context: Context) -> Any:
        # Equal messages need no look into them: the usual case of an update that changes nothing.
        if request.old_inputs.fields and request.old_inputs == request.news:
            return _diff_response(Difference())
        outputs = decode(request.olds)
        old = decode(request.old_inputs) or outputs.get(checkpoint.INPUTS) or {}
        found = await self.provider.diff(request.urn, old, decode(request.news), outputs)
        ignored = [keys for path in request.ignoreChanges if (keys := split(path))]
        for path in list(found.changed):
            keys = split(path) or []
            if any(keys[: len(prefix)] == prefix for prefix in ignored):
                del found.changed[path]
                found.replaces.discard(path)
        return _diff_response(found)

    @_named_errors("creation")
    async def Create(self, request: Any, context: Context) -> Any:
        object_id, outputs = await self.provider.create(
            request.urn,
            decode(request.properties),
            preview=request.preview,
            seconds=request.timeout,
        )
        return provider_pb2.CreateResponse(id=object_id, properties=encode(outputs))

    @_named_errors("update")
    async def Update(self, request: Any, context: Context) -> Any:
        outputs = await self.provider.update(
            request.urn,
            decode(request.olds),
            decode(request.news),
            ignored=list(request.ignoreChanges),
            preview=request.preview,
            seconds=request.timeout,
        )
        return provider_pb2.UpdateResponse(properties=encode(outputs))

    @_named_errors("deletion")
    async def Delete(self, request: Any, context: Context) -> Any:
        await self.provider.delete(
            request.urn, decode(request.properties), request.id, request.timeout
        )
        return empty_pb2.Empty()

    @_named_errors("read")
    async def Read(self, request: Any, context: Context) -> Any:
        outputs = decode(request.properties)
        inputs = decode(request.inputs) or outputs.get(checkpoint.INPUTS) or {}
        token = request.type or _type_of(request.urn)
        api_version, kind = from_token(token)
        try:
            found = await self.provider.read(
                request.urn, request.id, api_version, kind, inputs, outputs
            )
        except UnreachableError as error:
            settings = self.provider.settings
            if settings.delete_unreachable:
                await self.engine.warn(request.urn, f"{error}; it is removed from the state")
                return provider_pb2.ReadResponse()
            if settings.skip_update_unreachable:
                await self.engine.warn(request.urn, f"{error}; the state is left as it is")
                return provider_pb2.ReadResponse(
                    id=request.id, properties=request.properties, inputs=request.inputs
                )
            raise
        if found is None:
            return provider_pb2.ReadResponse()
        object_id, inputs, outputs = found
        return provider_pb2.ReadResponse(
            id=object_id, inputs=encode(inputs), properties=encode(outputs)
        )

    async def Construct(self, request: Any, context: Context) -> Any:
        if request.type != chart.TOKEN:
            return await super().Construct(request, context)
        try:
            return await chart.construct(request, self.provider, self.engine, self.version)
        except ValueError as error:
            await refuse(context, str(error))
        except grpc.aio.AioRpcError as error:
            # A child failed, and the engine has said so beside it.
            await refuse(context, error.details() or str(error))

    async def Cancel(self, request: Any, context: Context) -> Any:
        self._cancelled.set()
        return empty_pb2.Empty()


def _diff_response(found: Difference) -> Any:
    response = provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME
        if found.changed
        else provider_pb2.DiffResponse.DIFF_NONE,
        replaces=sorted(found.replaces),
        deleteBeforeReplace=found.delete_before_replace and bool(found.replaces),
        hasDetailedDiff=True,
    )
    plain = provider_pb2.PropertyDiff
    kinds = {
        Change.ADD: (plain.ADD, plain.ADD_REPLACE),
        Change.DELETE: (plain.DELETE, plain.DELETE_REPLACE),
        Change.UPDATE: (plain.UPDATE, plain.UPDATE_REPLACE),
    }
    for path, change in found.changed.items():
        kind = kinds[change][path in found.replaces]
        response.detailedDiff[path].CopyFrom(plain(kind=kind, inputDiff=True))
    return response


def _type_of(urn: str) -> str:
    return urn.split("::")[2].rpartition("$")[2]


def _what(request: Any) -> str:
    """`Deployment models/half-plus-two` from whatever the request says of its object."""
    for name in ("news", "properties", "olds"):
        inputs = decode(getattr(request, name)) if hasattr(request, name) else {}
        metadata = reveal(inputs.get("metadata"))
        if isinstance(metadata, dict) and isinstance(metadata.get("name"), str):
            namespace = metadata.get("namespace")
            place = f"{namespace}/" if isinstance(namespace, str) else ""
            return f"{reveal(inputs.get('kind'))} {place}{metadata['name']}"
    return str(getattr(request, "id", "") or request.urn)


def _words(error: ApiError) -> str:
    if error.already_exists:
        return (
            f"{error}. It was made by someone else, or by an update that was interrupted. To take "
            "it into this stack use `pulumi import`; to let creations take over what is there, "
            "set upsertExistingObjects on the provider"
        )
    return str(error)
