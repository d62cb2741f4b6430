"""Checks inputs against the SDK's types, which it reads as the SDK itself does."""

from __future__ import annotations

import importlib
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pulumi
from pulumi import _types

#: Marks a secret on the wire.
SECRET = "4dabf18193072939515e22adb298388d"


def sdk_class(token: str, suffix: str = "") -> Any:
    """The SDK's class of a type token: `kubernetes:apps/v1:Deployment`."""
    _, module, kind = token.split(":")
    group, version = module.split("/")
    package = f"pulumi_kubernetes.{group.partition('.')[0]}.{version}"
    return getattr(importlib.import_module(package), f"{kind}{suffix}")


def mistakes(token: str, inputs: dict[str, Any]) -> list[str]:
    """The parts of an object's inputs that the SDK's class would not accept."""
    return list(_wrong(inputs, sdk_class(token, "InitArgs"), token.rpartition(":")[2]))


def _wrong(value: Any, hint: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict) and SECRET in value:
        value = value["value"]
    if isinstance(value, pulumi.output.Unknown):
        return
    allowed = list(_members(hint))
    if isinstance(value, dict):
        owner = next((each for each in allowed if _types.is_input_type(each)), None)
        if owner is not None:
            yield from _wrong_fields(value, owner, path)
            return
    for each in allowed:
        origin, arguments = typing.get_origin(each), typing.get_args(each)
        if isinstance(value, dict) and origin is Mapping:
            for key, inner in value.items():
                yield from _wrong(inner, arguments[1], f"{path}.{key}")
            return
        if isinstance(value, list) and origin is Sequence:
            for number, inner in enumerate(value):
                yield from _wrong(inner, arguments[0], f"{path}[{number}]")
            return
        # On the wire every number is a float.
        whole = each is int and isinstance(value, float) and value.is_integer()
        if whole or type(value) is each or (origin is typing.Literal and value in arguments):
            return
    yield f"{path}: {value!r}"


def _wrong_fields(value: dict[str, Any], owner: type, path: str) -> Iterator[str]:
    known = _types.input_type_types(owner)
    for key in _types._required_property_names(owner) - set(value):
        yield f"{path}.{key} is missing"
    for key, inner in value.items():
        if key in known:
            yield from _wrong(inner, known[key], f"{path}.{key}")
        else:
            yield f"{path}.{key} is unknown"


def _members(hint: Any) -> Iterator[Any]:
    """The members of an input's type. The SDK declares a union with the type of an output."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        for each in typing.get_args(hint):
            yield from _members(each)
    else:
        yield hint
