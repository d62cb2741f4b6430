"""Property values of the engine's protocol, in plain Python.

A set of properties is a `dict`. A secret anywhere in it is a `Secret`, and a value that a preview
does not know is `UNKNOWN`. Everything else has the types of JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from google.protobuf import struct_pb2

# The signatures of the Pulumi protocol, from pulumi.runtime.rpc of the SDK.
SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
ASSET: Final = "c44067f5952c0a294b673a41bacd8c17"
RESOURCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"
_OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
#: The ids of unknown values: of a string, bool, number, array, asset, archive and object.
_UNKNOWN_IDS: Final = frozenset(
    {
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
_UNKNOWN_ID: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


class Unknown:
    """The value that a preview cannot know."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


class Secret(NamedTuple):
    """A value that is encrypted in the state and never printed."""

    value: Any

    def __repr__(self) -> str:
        return "Secret(…)"


Properties = dict[str, Any]


def decode(struct: struct_pb2.Struct) -> Properties:
    """The properties in a message; whole numbers become `int`."""
    return {key: _decode(value) for key, value in struct.fields.items()}


def _decode(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return UNKNOWN if value.string_value in _UNKNOWN_IDS else value.string_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "bool_value":
        return value.bool_value
    if kind == "list_value":
        return [_decode(item) for item in value.list_value.values]
    if kind != "struct_value":
        return None
    properties = decode(value.struct_value)
    signature = properties.get(SIGNATURE)
    if signature == _SECRET:
        inner = properties["value"]
        return inner if isinstance(inner, Secret) else Secret(inner)
    if signature == _OUTPUT:
        inner = properties.get("value", UNKNOWN)
        return Secret(inner) if properties.get("secret") else inner
    return properties


def encode(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """The message that has `properties`."""
    struct = struct_pb2.Struct()
    for key, value in properties.items():
        _encode(value, struct.fields[key])
    return struct


def _encode(value: Any, into: struct_pb2.Value) -> None:
    if value is None:
        into.null_value = struct_pb2.NULL_VALUE
    elif isinstance(value, Unknown):
        into.string_value = _UNKNOWN_ID
    elif isinstance(value, Secret):
        fields = into.struct_value.fields
        fields[SIGNATURE].string_value = _SECRET
        _encode(value.value, fields["value"])
    elif isinstance(value, bool):
        into.bool_value = value
    elif isinstance(value, int | float):
        into.number_value = value
    elif isinstance(value, Mapping):
        into.struct_value.SetInParent()
        for key, item in value.items():
            _encode(item, into.struct_value.fields[str(key)])
    elif isinstance(value, list | tuple):
        into.list_value.SetInParent()
        for item in value:
            _encode(item, into.list_value.values.add())
    else:
        into.string_value = str(value)


def reveal(value: Any) -> Any:
    """A deep copy with each `Secret` replaced by its value."""
    if isinstance(value, Secret):
        return reveal(value.value)
    if isinstance(value, dict):
        return {key: reveal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [reveal(item) for item in value]
    return value


def contains_unknown(value: Any) -> bool:
    """Whether anything in `value` is unknown."""
    if isinstance(value, Secret):
        return contains_unknown(value.value)
    if isinstance(value, dict):
        return any(map(contains_unknown, value.values()))
    if isinstance(value, list):
        return any(map(contains_unknown, value))
    return isinstance(value, Unknown)
