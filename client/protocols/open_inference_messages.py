"""The messages of `inference.GRPCInferenceService`, from tritonclient's generated code alone.

`tritonclient.grpc` itself imports a client with more dependencies than these messages need, so its
modules are loaded without it.
"""

import importlib
import sys
import threading
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

_PACKAGE = "tritonclient.grpc"
_lock = threading.Lock()


def messages() -> Any:
    """The module `tritonclient.grpc.service_pb2`. Raises ModuleNotFoundError."""
    name = f"{_PACKAGE}.service_pb2"
    with _lock:
        if name in sys.modules:
            return sys.modules[name]
        if _PACKAGE in sys.modules:  # somebody uses the client itself
            return importlib.import_module(name)
        spec = find_spec("tritonclient")
        if spec is None:
            raise ModuleNotFoundError("No module named 'tritonclient'", name="tritonclient")
        package = ModuleType(_PACKAGE)
        package.__path__ = [
            str(Path(place) / "grpc") for place in spec.submodule_search_locations or ()
        ]
        sys.modules[_PACKAGE] = package
        try:
            return importlib.import_module(name)
        finally:
            del sys.modules[_PACKAGE]  # so that whoever imports it gets the real one
