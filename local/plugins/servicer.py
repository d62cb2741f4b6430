"""The answers that all resource plugins share: handshake, information, errors."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any, NoReturn

import grpc
import grpc.aio
from google.protobuf import empty_pb2

from local.plugins.engine import Engine
from local.plugins.protocol import plugin_pb2, provider_pb2, provider_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]


class ResourceServicer(provider_pb2_grpc.ResourceProviderServicer):
    """The part of `ResourceProvider` that does not depend on the resources.

    `name` and `version` are those of the official plugin.
    """

    name = ""

    def __init__(self, engine: Engine, version: str) -> None:
        self.engine = engine
        self.version = version

    async def Handshake(self, request: Any, context: Context) -> Any:
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True, supports_autonaming_configuration=True
        )

    async def GetPluginInfo(self, request: Any, context: Context) -> Any:
        return plugin_pb2.PluginInfo(version=self.version)

    async def Attach(self, request: Any, context: Context) -> Any:
        self.engine = Engine(request.address)
        return empty_pb2.Empty()

    async def GetSchema(self, request: Any, context: Context) -> Any:
        schema = {"name": self.name, "version": self.version, "resources": {}}
        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema))

    async def GetMapping(self, request: Any, context: Context) -> Any:
        return provider_pb2.GetMappingResponse()

    async def GetMappings(self, request: Any, context: Context) -> Any:
        return provider_pb2.GetMappingsResponse()

    async def CheckConfig(self, request: Any, context: Context) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    async def Parameterize(self, request: Any, context: Context) -> Any:
        await refuse(context, f"the stand-in of plugin {self.name} takes no parameters")

    async def Call(self, request: Any, context: Context) -> Any:
        await refuse(context, f"the stand-in of plugin {self.name} has no method {request.tok!r}")

    async def Invoke(self, request: Any, context: Context) -> Any:
        await refuse(
            context,
            f"function {request.tok!r} is not in the stand-in of plugin {self.name}: install the "
            "official plugin",
        )

    async def Construct(self, request: Any, context: Context) -> Any:
        await refuse(
            context,
            f"component {request.type!r} is not in the stand-in of plugin {self.name}: install "
            "the official plugin",
        )

    async def List(self, request: Any, context: Context) -> AsyncIterator[Any]:
        await refuse(context, f"the stand-in of plugin {self.name} lists nothing")
        yield

    async def Cancel(self, request: Any, context: Context) -> Any:
        return empty_pb2.Empty()


async def refuse(context: Context, message: str) -> NoReturn:
    """Ends the call with the error `message`, which the engine shows unchanged."""
    await context.abort(grpc.StatusCode.UNKNOWN, message)
    raise AssertionError("unreachable: abort raises")
