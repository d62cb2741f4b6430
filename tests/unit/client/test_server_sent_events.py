import pytest

from client.errors import MessageTooLargeError
from client.server_sent_events import events


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"data: a\n\ndata: b\n\n", [b"a", b"b"]),
        (b"data: a\r\n\r\ndata: b\r\n\r\n", [b"a", b"b"]),
        (b"data: a\rdata: b\r\rdata:c\r\r.", [b"a\nb", b"c"]),
        (b": a comment\nevent: x\nid: 1\n\ndata: a\n: b\ndata\ndata: \n\n", [b"a\n\n"]),
        (b"data: whole\n\ndata: cut off", [b"whole"]),
        (b"", []),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_events_are_found_however_the_stream_is_split(
    text: bytes, found: list[bytes], size: int
) -> None:
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    assert list(events(pieces, 1000)) == found


@pytest.mark.parametrize("text", [b"data: " + b"a" * 100, b"data: aaaaaaaaaa\n" * 20])
def test_an_event_that_does_not_end_is_not_kept(text: bytes) -> None:
    with pytest.raises(MessageTooLargeError, match="limit of 50 bytes"):
        list(events([text[at : at + 7] for at in range(0, len(text), 7)], 50))
