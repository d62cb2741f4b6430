"""Starts the plugin: `python -m local.plugins.kubernetes <engine address>`."""

import sys

import grpc.aio

from local.plugins.engine import Engine, engine_address, plugin_version, run
from local.plugins.kubernetes.servicer import KubernetesServicer
from local.plugins.protocol import provider_pb2_grpc


def _register(server: grpc.aio.Server, engine: Engine) -> None:
    servicer = KubernetesServicer(engine, plugin_version(sys.argv[1:]))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)


if __name__ == "__main__":
    run(engine_address(sys.argv[1:]), _register)
