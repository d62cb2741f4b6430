"""Starts the language host: `python -m local.plugins.language_python <engine address>`."""

import sys

import grpc.aio

from local.plugins.engine import Engine, engine_address, run
from local.plugins.language_python.host import LanguageHost
from local.plugins.protocol import language_pb2_grpc


def _register(server: grpc.aio.Server, engine: Engine) -> None:
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageHost(), server)


if __name__ == "__main__":
    run(engine_address(sys.argv[1:]), _register)
