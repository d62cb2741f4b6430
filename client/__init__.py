"""Call a model that Slipway serves, and check a stack.

    from client import connect

    with connect(outputs, "half_plus_two") as model:
        model.predict({"x": np.array([1, 2, 5], np.float32)})   # {"y": array([2.5, 3. , 4.5])}

    with connect(outputs, "words") as model:
        for answer in model.stream({"text_input": ["the quick brown fox"]}): ...   # as they arrive

`outputs` is the parsed output of `pulumi stack output --json`. On the command line: `python -m client --help`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from client.errors import ClientError
    from client.limits import Limits
    from client.model import Model, connect

__all__ = ["ClientError", "Limits", "Model", "connect"]

_MODULES = {
    "ClientError": "client.errors",
    "Limits": "client.limits",
    "Model": "client.model",
    "connect": "client.model",
}


def __getattr__(name: str) -> Any:
    """Import on first use, so that `python -m client --help` does not wait for numpy and gRPC."""
    if name not in _MODULES:
        raise AttributeError(f"module 'client' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_MODULES[name]), name)
