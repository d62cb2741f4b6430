"""The one module that `tensorflow-protobuf` 2.11.0 lacks: tensorflow.tsl.protobuf.error_codes_pb2.

Model status uses the enum `tensorflow.error.Code`, whose names and numbers are those of gRPC's
status codes (https://grpc.io/docs/guides/status-codes/), so it is built from `grpc.StatusCode`.
Import this module before `tensorflow_serving.apis.get_model_status_pb2`.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool

_MISSING = "tensorflow.tsl.protobuf.error_codes_pb2"


def _provide() -> None:
    file = descriptor_pb2.FileDescriptorProto(
        name="tensorflow/tsl/protobuf/error_codes.proto",
        package="tensorflow.error",
        syntax="proto3",
    )
    code = file.enum_type.add(name="Code")
    for status in sorted(grpc.StatusCode, key=lambda status: status.value[0]):
        code.value.add(name=status.name, number=status.value[0])
    descriptor_pool.Default().AddSerializedFile(file.SerializeToString())
    for name in ("tensorflow.tsl", "tensorflow.tsl.protobuf", _MISSING):
        sys.modules.setdefault(name, ModuleType(name))
    core = importlib.import_module("tensorflow.core.protobuf.error_codes_pb2")
    # tensorflow-serving-api reads the module as an attribute that has the name of its later path.
    vars(core)["xla_dot_tsl_dot_protobuf_dot_error__codes__pb2"] = sys.modules[_MISSING]


def _exists() -> bool:
    """Whether the module exists: a client in this process may have provided it already."""
    if _MISSING in sys.modules:
        return True
    tensorflow = importlib.util.find_spec("tensorflow.tsl")
    return tensorflow is not None


if not _exists():
    _provide()
