"""Server-sent events: the data of each event in a stream of bytes.

The form is specified in the HTML standard, "Server-sent events", section "Parsing an event stream".
"""

from collections.abc import Iterable, Iterator

from client.answers import too_large_error


def events(chunks: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """The data of each event, its lines joined. `chunks` may end anywhere; an event that has no end
    is left out. Raises MessageTooLargeError for an event of more than `limit` bytes."""
    data: list[bytes] = []
    size = 0
    for line in _lines(chunks, limit):
        if not line:
            if data:
                yield b"\n".join(data)
            data, size = [], 0
            continue
        name, _, value = line.partition(b":")
        if name == b"data":  # others are comments, names and numbers of events
            data.append(value.removeprefix(b" "))
            size += len(value)
            if size > limit:
                raise too_large_error(f"an event of {size} bytes", limit)


def _lines(chunks: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """Lines without their ends, which are CR, LF or both."""
    begun: list[bytes] = []
    size = 0
    held = b""
    for chunk in chunks:
        text = held + chunk
        held = b"\r" if text.endswith(b"\r") else b""  # a LF may follow
        text = text.removesuffix(held).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *ended, rest = text.split(b"\n")
        for line in ended:
            yield b"".join([*begun, line])
            begun, size = [], 0
        begun.append(rest)
        size += len(rest)
        if size > limit:
            raise too_large_error(f"an event of {size} bytes and more", limit)
