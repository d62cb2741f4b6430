"""Starts the language host: `python -m local.plugins.language_python <engine address>`."""

import sys

import grpc.aio

from local.plugins import engine
from local.plugins.language_python.host import LanguageHost
from local.plugins.protocol import language_pb2_grpc

if __name__ == "__main__":
    address = engine.engine_address(sys.argv[1:])

    def register(server: grpc.aio.Server, _: engine.Engine) -> None:
        language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageHost(address), server)

    engine.run(address, register)
