"""The messages of `inference.GRPCInferenceService`, from tritonclient's generated code.

Importing `tritonclient.grpc` also imports a client, which has more dependencies than these messages.
So the generated module is loaded without its package.
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
        if _PACKAGE in sys.modules:  # the caller uses tritonclient itself
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
            del sys.modules[_PACKAGE]  # so that a later import gets the real package
