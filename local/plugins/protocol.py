"""The messages of the Pulumi engine's protocol, without the rest of the Pulumi SDK.

Importing the SDK takes 0.7 s, its messages alone 0.1 s, and the engine starts every plugin at every
`pulumi up`. So the packages that contain the messages are replaced by empty ones, unless this
process has loaded the SDK already.
"""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType


def _skip_sdk_initialisation() -> None:
    if "pulumi" in sys.modules:
        return
    spec = importlib.util.find_spec("pulumi")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(
            f"{sys.executable} has no package pulumi: install local/plugins/requirements.txt there"
        )
    (root,) = spec.submodule_search_locations
    for name, path in (("pulumi", root), ("pulumi.runtime", f"{root}/runtime")):
        package = ModuleType(name)
        package.__path__ = [path]
        sys.modules[name] = package


_skip_sdk_initialisation()

from pulumi.runtime.proto import (
    engine_pb2,
    engine_pb2_grpc,
    language_pb2,
    language_pb2_grpc,
    plugin_pb2,
    provider_pb2,
    provider_pb2_grpc,
    resource_pb2,
    resource_pb2_grpc,
)

__all__ = [
    "engine_pb2",
    "engine_pb2_grpc",
    "language_pb2",
    "language_pb2_grpc",
    "plugin_pb2",
    "provider_pb2",
    "provider_pb2_grpc",
    "resource_pb2",
    "resource_pb2_grpc",
]
