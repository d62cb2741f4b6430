"""The arguments of a package's provider, read from its SDK."""

from __future__ import annotations

import importlib
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pulumi import _types

Shape = Literal["text", "true or false", "a number", "a list", "a map"]
_SCALARS: Mapping[Any, Shape] = {str: "text", bool: "true or false", int: "a number"}


@dataclass(frozen=True)
class Argument:
    """One argument: its name in Python, and the shape of its value."""

    python: str
    shape: Shape


def provider_arguments(package: str) -> Mapping[str, Argument]:
    """The arguments of the provider of `package` (`aws`), by their names in a stack file, which are
    those on the wire. Imports the SDK; raises `ModuleNotFoundError` if it is not installed."""
    args = importlib.import_module(f"pulumi_{package}").ProviderArgs
    hints = _types.input_type_types(args)
    return {
        wire: Argument(python, _shape(hints[wire]))
        for python, wire in _types.input_type_py_to_pulumi_names(args).items()
    }


def _shape(hint: Any) -> Shape:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        hint = next(each for each in typing.get_args(hint) if each is not type(None))
    if hint in _SCALARS:
        return _SCALARS[hint]
    origin = typing.get_origin(hint)
    return "a list" if isinstance(origin, type) and issubclass(origin, Sequence) else "a map"
