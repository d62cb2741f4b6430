"""What all plugins share: serving on a port, logging to the engine, ending with the engine."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable

import grpc
import grpc.aio

from local.plugins.protocol import engine_pb2, engine_pb2_grpc

#: The engine's own limit, 400 MiB: the state of a large chart exceeds gRPC's default of 4 MiB.
MESSAGE_LIMIT = 400 * 1024 * 1024
CHANNEL_OPTIONS = [
    ("grpc.max_receive_message_length", MESSAGE_LIMIT),
    ("grpc.max_send_message_length", MESSAGE_LIMIT),
]

_LOST = (grpc.ChannelConnectivity.TRANSIENT_FAILURE, grpc.ChannelConnectivity.SHUTDOWN)


class Engine:
    """The engine that started this plugin, at `address` (host:port), "" without an engine."""

    def __init__(self, address: str) -> None:
        self._channel = (
            grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS) if address else None
        )

    async def warn(self, urn: str, message: str) -> None:
        """Logs a warning, which the engine shows beside the resource `urn` and in the summary."""
        if self._channel is None:
            print(message, file=sys.stderr)
            return
        request = engine_pb2.LogRequest(severity=engine_pb2.WARNING, urn=urn, message=message)
        try:
            await engine_pb2_grpc.EngineStub(self._channel).Log(request)
        except grpc.aio.AioRpcError:
            # The engine is ending and shows no more messages.
            print(message, file=sys.stderr)

    async def gone(self) -> None:
        """Returns when the engine's process has ended."""
        if self._channel is None:
            await asyncio.Event().wait()
            return
        ready = False
        while True:
            state = self._channel.get_state(try_to_connect=True)
            if state == grpc.ChannelConnectivity.READY:
                ready = True
            elif ready and state in _LOST:
                return
            await self._channel.wait_for_state_change(state)


def run(engine_address: str, register: Callable[[grpc.aio.Server, Engine], None]) -> None:
    """Serves the services that `register` adds until the engine ends or sends a signal, then ends
    the process.

    Prints the port to stdout, as the engine expects. The engine ends a plugin by SIGINT; it never
    comes from the keyboard, since plugins run in a process group of their own.
    """

    async def serve() -> None:
        server = grpc.aio.server(options=CHANNEL_OPTIONS)
        engine = Engine(engine_address)
        register(server, engine)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        print(port, flush=True)
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        waits = [asyncio.ensure_future(stop.wait()), asyncio.ensure_future(engine.gone())]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        await server.stop(grace=None)

    asyncio.run(serve())
    sys.stdout.flush()
    sys.stderr.flush()
    # Without waiting for threads of gRPC and subprocess readers: they would delay the engine.
    os._exit(0)


def engine_address(arguments: list[str]) -> str:
    """The engine's address: the only argument of a plugin that is not a flag."""
    return next((argument for argument in arguments if not argument.startswith("-")), "")


def argument(arguments: list[str], name: str) -> str:
    """The value of `--name=`, "" if it is absent."""
    prefix = f"--{name}="
    return next((a.removeprefix(prefix) for a in arguments if a.startswith(prefix)), "")


def plugin_version(arguments: list[str]) -> str:
    """The version of the official plugin that this one replaces: `--plugin-version=`, which
    `install` writes."""
    return argument(arguments, "plugin-version")
