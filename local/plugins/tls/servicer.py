"""The gRPC side of `pulumi-resource-tls`. It creates everything itself and calls no service."""

from __future__ import annotations

import asyncio
from typing import Any

from google.protobuf import empty_pb2

from local.plugins.diff import changes
from local.plugins.protocol import provider_pb2
from local.plugins.responses import checked, detailed_diff, some_or_none
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
        return checked(request, failures(kind, reveal(decode(request.news))))

    async def Diff(self, request: Any, context: Context) -> Any:
        kind = await self._kind(request, context)
        old, new = decode(request.old_inputs), decode(request.news)
        # An input that states its default is no change.
        differences = changes({**kind.defaults, **old}, {**kind.defaults, **new})
        response = detailed_diff(request, differences, lambda keys: keys != (RENEWAL,))
        early = reveal(new.get(RENEWAL, 0))
        if kind.renews and is_due(reveal(decode(request.olds)), early):
            due = provider_pb2.PropertyDiff(kind=provider_pb2.PropertyDiff.UPDATE_REPLACE)
            response.detailedDiff["readyForRenewal"].CopyFrom(due)
            response.replaces.append("readyForRenewal")
            response.changes = some_or_none(True)
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
