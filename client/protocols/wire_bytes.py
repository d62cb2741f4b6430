"""A field of bytes put into a protobuf message, and taken out of one, without copies.

protobuf's own classes copy such a field when it is set, when it is serialized, when it is parsed and
when it is read; for tensors of some MB that costs as much as the network. The form is documented at
protobuf.dev, "Encoding": each field is a tag, (number << 3 | wire type) as a varint, and a value.
"""

from collections.abc import Iterable

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5


def joined(message: bytes, field: int, values: Iterable[bytes | memoryview]) -> bytes:
    """`message`, serialized, with `values` added to its repeated bytes `field`."""
    parts: list[bytes | memoryview] = [message]
    tag = _varint(field << 3 | _LENGTH)
    for value in values:
        parts += [tag, _varint(len(value)), value]
    return b"".join(parts)


def split(data: bytes, field: int) -> tuple[bytes, list[memoryview]]:
    """`data` without the repeated bytes `field`, and that field's values as views of `data`. Raises
    ValueError where it is no protobuf message."""
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
    """Seven bits a byte, the lowest first, all but the last marked."""
    parts = []
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    """The number at `at`, and where it ends."""
    number = shift = 0
    while at < len(data):
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7
    raise ValueError("a number is cut off")
