"""Reads the data of server-sent events from a stream of bytes.

The format is specified in the HTML standard, "Server-sent events", section "Parsing an event stream".
"""

from collections.abc import Iterable, Iterator

from client.answers import too_large_error


def events(chunks: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """Yields the data of each event, with its lines joined. `chunks` may be split anywhere. An
    incomplete event at the end is dropped. Raises MessageTooLargeError for an event of more than
    `limit` bytes."""
    data: list[bytes] = []
    size = 0
    for line in _lines(chunks, limit):
        if not line:
            if data:
                yield b"\n".join(data)
            data, size = [], 0
            continue
        name, _, value = line.partition(b":")
        if name == b"data":  # other fields are comments, event names and event ids
            data.append(value.removeprefix(b" "))
            size += len(value)
            if size > limit:
                raise too_large_error(f"an event of {size} bytes", limit)


def _lines(chunks: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """Yields lines without their ends, which are CR, LF or both."""
    partial: list[bytes] = []
    size = 0
    pending = b""
    for chunk in chunks:
        text = pending + chunk
        pending = b"\r" if text.endswith(b"\r") else b""  # a LF may follow
        text = text.removesuffix(pending).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *complete, rest = text.split(b"\n")
        for line in complete:
            yield b"".join([*partial, line])
            partial, size = [], 0
        partial.append(rest)
        size += len(rest)
        if size > limit:
            raise too_large_error(f"an event of {size} bytes and more", limit)
