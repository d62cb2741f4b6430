"""Adds a bytes field to a serialized protobuf message, and extracts one, without copies.

protobuf's classes copy such a field when it is set, serialized, parsed and read. For tensors of some
MB this costs as much as the network. protobuf.dev, "Encoding", documents the format: each field is a
tag, (number << 3 | wire type) as a varint, and a value.
"""

from collections.abc import Iterable

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5


def joined(message: bytes, field: int, values: Iterable[bytes | memoryview]) -> bytes:
    """The serialized `message` with `values` added to its repeated bytes field `field`."""
    parts: list[bytes | memoryview] = [message]
    tag = _varint(field << 3 | _LENGTH)
    for value in values:
        parts += [tag, _varint(len(value)), value]
    return b"".join(parts)


def split(data: bytes, field: int) -> tuple[bytes, list[memoryview]]:
    """`data` without the repeated bytes field `field`, and the values of that field as views of `data`.
    Raises ValueError if `data` is not a protobuf message."""
    view = memoryview(data)
    rest, values = [], []
    at = 0
    while at < len(data):
        tag, start = _read_varint(data, at)
        kind = tag & 7
        if kind == _VARINT:
            _, end = _read_varint(data, start)
        elif kind in (_FIXED64, _FIXED32):
            end = start + (8 if kind == _FIXED64 else 4)
        elif kind == _LENGTH:
            size, start = _read_varint(data, start)
            end = start + size
        else:
            raise ValueError(f"wire type {kind}")
        if end > len(data):
            raise ValueError("a field is cut off")
        if tag == field << 3 | _LENGTH:
            values.append(view[start:end])
        else:
            rest.append(view[at:end])
        at = end
    return b"".join(rest), values


def _varint(number: int) -> bytes:
    """Seven bits per byte, the lowest first. The top bit marks all bytes but the last."""
    parts = []
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    """The number at `at`, and the position after it."""
    number = shift = 0
    while at < len(data):
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7
    raise ValueError("a number is cut off")
