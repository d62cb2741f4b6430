"""Starts the plugin: `python -m local.plugins.tls <engine address>`."""

import sys

import grpc.aio

from local.plugins.engine import Engine, engine_address, plugin_version, run
from local.plugins.protocol import provider_pb2_grpc
from local.plugins.tls.servicer import TlsServicer


def _register(server: grpc.aio.Server, engine: Engine) -> None:
    servicer = TlsServicer(engine, plugin_version(sys.argv[1:]))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)


if __name__ == "__main__":
    run(engine_address(sys.argv[1:]), _register)
