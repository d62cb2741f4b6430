"""The gRPC side of `pulumi-resource-tls`. It creates everything itself and calls no service."""

from __future__ import annotations

import asyncio
from typing import Any

from google.protobuf import empty_pb2

from local.plugins.diff import Change, changes, split
from local.plugins.protocol import provider_pb2
from local.plugins.servicer import Context, ResourceServicer, refuse
from local.plugins.tls.resources import KINDS, RENEWAL, Kind, failures, is_due, outputs
from local.plugins.values import UNKNOWN, contains_unknown, decode, encode, reveal


class TlsServicer(ResourceServicer):
    """Private keys, certificate requests and certificates."""

    name = "tls"

    async def Configure(self, request: Any, context: Context) -> Any:
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    async def DiffConfig(self, request: Any, context: Context) -> Any:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    async def Check(self, request: Any, context: Context) -> Any:
        kind = await self._kind(request, context)
        return provider_pb2.CheckResponse(
            inputs=request.news,
            failures=[
                provider_pb2.CheckFailure(property=name, reason=reason)
                for name, reason in failures(kind, reveal(decode(request.news)))
            ],
        )

    async def Diff(self, request: Any, context: Context) -> Any:
        kind = await self._kind(request, context)
        old, new = decode(request.old_inputs), decode(request.news)
        # An input that states its default is no change.
        differences = changes({**kind.defaults, **old}, {**kind.defaults, **new})
        ignored = {tuple(split(path) or ()) for path in request.ignoreChanges}
        plain = provider_pb2.PropertyDiff
        kinds = {
            Change.ADD: (plain.ADD, plain.ADD_REPLACE),
            Change.DELETE: (plain.DELETE, plain.DELETE_REPLACE),
            Change.UPDATE: (plain.UPDATE, plain.UPDATE_REPLACE),
        }
        response = provider_pb2.DiffResponse(hasDetailedDiff=True)
        for path, change in differences.items():
            keys = tuple(split(path) or ())
            if any(keys[: len(prefix)] == prefix for prefix in ignored):
                continue
            replace = path != RENEWAL
            response.detailedDiff[path].CopyFrom(plain(kind=kinds[change][replace], inputDiff=True))
        early = reveal(new.get(RENEWAL, 0))
        if kind.renews and is_due(reveal(decode(request.olds)), early):
            response.detailedDiff["readyForRenewal"].CopyFrom(plain(kind=plain.UPDATE_REPLACE))
        response.replaces.extend(path for path in response.detailedDiff if path != RENEWAL)
        response.changes = (
            provider_pb2.DiffResponse.DIFF_SOME
            if response.detailedDiff
            else provider_pb2.DiffResponse.DIFF_NONE
        )
        return response

    async def Create(self, request: Any, context: Context) -> Any:
        kind = await self._kind(request, context)
        inputs = decode(request.properties)
        if request.preview or contains_unknown(inputs):
            unknown = dict.fromkeys(kind.computed, UNKNOWN)
            return provider_pb2.CreateResponse(properties=encode(outputs(kind, inputs, unknown)))
        try:
            # In a thread: a key of 4096 bits takes seconds, and other calls go on meanwhile.
            resource_id, computed = await asyncio.to_thread(kind.make, reveal(inputs))
        except ValueError as error:
            await refuse(context, str(error))
        return provider_pb2.CreateResponse(
            id=resource_id, properties=encode(outputs(kind, inputs, computed))
        )

    async def Update(self, request: Any, context: Context) -> Any:
        new = decode(request.news)
        state = {**decode(request.olds), **new}
        state["readyForRenewal"] = is_due(reveal(state), reveal(new.get(RENEWAL, 0)))
        return provider_pb2.UpdateResponse(properties=encode(state))

    async def Read(self, request: Any, context: Context) -> Any:
        kind = await self._kind(request, context)
        state = decode(request.properties)
        if not any(state.get(name) for name in kind.computed):
            await refuse(
                context, f"{request.type} cannot be imported: it is nowhere but in the state"
            )
        if kind.renews:
            state["readyForRenewal"] = is_due(reveal(state), reveal(state.get(RENEWAL, 0)))
        return provider_pb2.ReadResponse(
            id=request.id, inputs=request.inputs, properties=encode(state)
        )

    async def Delete(self, request: Any, context: Context) -> Any:
        return empty_pb2.Empty()

    async def _kind(self, request: Any, context: Context) -> Kind:
        token = request.type or request.urn.split("::")[2].rpartition("$")[2]
        if token not in KINDS:
            await refuse(context, f"type {token!r}: expected one of {', '.join(KINDS)}")
        return KINDS[token]
