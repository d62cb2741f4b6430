import pytest

from client.protocols.open_inference_messages import messages
from client.protocols.wire_bytes import joined, split

FIELD = 7


@pytest.mark.parametrize("size", [0, 1, 127, 128, 300, 20_000])
def test_a_joined_message_equals_protobufs(size: int) -> None:
    request = messages().ModelInferRequest(model_name="m")
    head = request.SerializeToString()
    request.raw_input_contents.extend([b"a" * size, b""])
    assert joined(head, FIELD, [memoryview(b"a" * size), b""]) == request.SerializeToString()


def test_a_split_message_equals_protobufs() -> None:
    request = messages().ModelInferRequest(model_name="m", raw_input_contents=[b"a" * 200, b"b"])
    request.parameters["p"].int64_param = 2**40
    request.parameters["d"].double_param = 0.5
    rest, values = split(request.SerializeToString(), FIELD)
    assert [bytes(value) for value in values] == [b"a" * 200, b"b"]
    del request.raw_input_contents[:]
    assert messages().ModelInferRequest.FromString(rest) == request


def test_numbers_of_every_width_are_skipped() -> None:
    data = b"\x08\xac\x02" + b"\x11" + b"\xff" * 8 + b"\x1d" + b"\xff" * 4 + b"\x3a\x01z"
    rest, values = split(data, FIELD)
    assert (rest, [bytes(value) for value in values]) == (data[:-3], [b"z"])


@pytest.mark.parametrize("data", [b"\x3a\x05abc", b"\x3a", b"\xff\xff", b"\x0b", b"\x11\0"])
def test_bytes_that_are_not_a_message_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"cut off|wire type"):
        split(data, FIELD)
