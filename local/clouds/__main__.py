"""Starts a plugin: `python -m local.clouds --cloud=<name> --sdk=<site-packages> <engine address>`."""

import sys
from pathlib import Path

import grpc.aio

from local.clouds.clouds import CLOUDS
from local.clouds.sdk import Sdk
from local.clouds.servicer import CloudServicer
from local.plugins.engine import Engine, argument, engine_address, run
from local.plugins.protocol import provider_pb2_grpc


def _register(server: grpc.aio.Server, engine: Engine) -> None:
    cloud = CLOUDS[argument(sys.argv[1:], "cloud")]
    sdk = Sdk(Path(argument(sys.argv[1:], "sdk")), cloud.name)
    servicer = CloudServicer(engine, sdk, cloud)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)


if __name__ == "__main__":
    run(engine_address(sys.argv[1:]), _register)
