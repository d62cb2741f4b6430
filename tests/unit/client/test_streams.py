"""Decoupled models: any number of answers to one request, as they arrive."""

import contextlib
import gc
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from client import connect
from client.endpoint import TRANSPORTS, Transport
from client.errors import (
    DeadlineError,
    InputError,
    MessageTooLargeError,
    NoRouteError,
    NoStreamError,
    ServerError,
    UsageError,
)
from client.limits import Limits
from tests.unit.client.fake_serving import Refusal
from tests.unit.client.fake_triton import FakeTriton, Tensor

streaming = pytest.mark.parametrize("transport", ["grpc", "rest"])


def count(inputs: dict[str, Tensor]) -> Iterator[dict[str, Tensor]]:
    """0, 1, ... up to `n`, each as a separate answer."""
    (n,) = np.frombuffer(inputs["n"][2], "<i4")
    for number in range(n):
        yield {"y": ("INT32", [1], np.array([number], "<i4").tobytes())}


@pytest.fixture(autouse=True)
def counter(triton: FakeTriton) -> None:
    triton.decoupled = True
    triton.inputs, triton.outputs = {"n": ("INT32", [1])}, {"y": ("INT32", [-1])}
    triton.answers = count


@streaming
@pytest.mark.parametrize("answers", [0, 1, 5])
def test_the_answers_of_a_stream_arrive_in_order(
    triton_outputs: dict[str, Any], transport: Transport, answers: int
) -> None:
    with connect(triton_outputs, "scorer", transport=transport) as model:
        found = [answer["y"] for answer in model.stream({"n": [answers]})]
        assert [each.tolist() for each in found] == [[number] for number in range(answers)]
        assert all(each.dtype == np.int32 for each in found)
        # The connection can be used again.
        assert len(list(model.stream({"n": [3]}))) == 3


@streaming
def test_an_answer_arrives_before_the_next_one_is_computed(
    triton_outputs: dict[str, Any], triton: FakeTriton, transport: Transport
) -> None:
    received = threading.Event()

    def one_at_a_time(inputs: dict[str, Tensor]) -> Iterator[dict[str, Tensor]]:
        for answer in count(inputs):
            yield answer
            assert received.wait(10), "the previous answer did not arrive"
            received.clear()

    triton.answers = one_at_a_time
    with connect(triton_outputs, "scorer", transport=transport) as model:
        for number, answer in enumerate(model.stream({"n": [3]})):
            assert answer["y"].tolist() == [number]
            received.set()


@streaming
@pytest.mark.parametrize("way", ["closed", "forgotten", "broken"])
def test_a_stream_that_is_abandoned_is_closed(
    triton_outputs: dict[str, Any], triton: FakeTriton, transport: Transport, way: str
) -> None:
    def endless(_: dict[str, Tensor]) -> Iterator[dict[str, Tensor]]:
        while True:
            time.sleep(0.01)
            yield {"y": ("INT32", [1], b"\0\0\0\0")}

    triton.answers = endless
    with connect(triton_outputs, "scorer", transport=transport) as model:
        answers = model.stream({"n": [1]})
        assert next(answers)["y"].tolist() == [0]
        if way == "closed":
            answers.close()
        elif way == "forgotten":
            del answers
            gc.collect()
        else:
            with contextlib.suppress(ZeroDivisionError), contextlib.closing(answers):
                for _ in answers:
                    raise ZeroDivisionError
        assert triton.abandoned.wait(5)


@streaming
def test_a_stream_ends_at_its_deadline_however_often_it_answers(
    triton_outputs: dict[str, Any], triton: FakeTriton, transport: Transport
) -> None:
    def endless(_: dict[str, Tensor]) -> Iterator[dict[str, Tensor]]:
        while True:
            time.sleep(0.05)
            yield {"y": ("INT32", [1], b"\0\0\0\0")}

    triton.answers = endless
    with connect(triton_outputs, "scorer", transport=transport) as model:
        model.metadata()
        started, answers = time.monotonic(), 0
        with pytest.raises(
            DeadlineError, match=r"tream\w* at 127.0.0.1:\d+ did not finish its answer within"
        ):
            for _ in model.stream({"n": [1]}, deadline=1):
                answers += 1
        assert 0.9 < time.monotonic() - started < 3
        assert answers > 3
        assert triton.abandoned.wait(5)


@streaming
def test_a_stream_that_falls_silent_ends_at_its_deadline(
    triton_outputs: dict[str, Any], triton: FakeTriton, transport: Transport
) -> None:
    released = threading.Event()

    def silent(inputs: dict[str, Tensor]) -> Iterator[dict[str, Tensor]]:
        yield from count(inputs)
        released.wait(20)

    triton.answers = silent
    with connect(triton_outputs, "scorer", transport=transport) as model:
        model.metadata()
        started = time.monotonic()
        answers = model.stream({"n": [2]}, deadline=0.7)
        try:
            assert len([next(answers), next(answers)]) == 2
            with pytest.raises(DeadlineError):
                next(answers)
            assert time.monotonic() - started < 3
        finally:
            released.set()


@streaming
@pytest.mark.parametrize("before", [0, 2])
def test_an_error_within_a_stream_comes_after_the_answers_before_it(
    triton_outputs: dict[str, Any], triton: FakeTriton, transport: Transport, before: int
) -> None:
    def failing(_: dict[str, Tensor]) -> Iterator[dict[str, Tensor]]:
        yield from count({"n": ("INT32", [1], np.array([before], "<i4").tobytes())})
        raise Refusal(None, "out of memory")  # type: ignore[arg-type]

    triton.answers = failing
    with connect(triton_outputs, "scorer", transport=transport) as model:
        answers = model.stream({"n": [1]})
        assert [next(answers)["y"].tolist() for _ in range(before)] == [[0], [1]][:before]
        with pytest.raises(ServerError, match="out of memory"):
            next(answers)


@pytest.mark.parametrize(
    ("transport", "kind", "words", "fix"),
    [
        ("grpc", NoStreamError, r"ModelStreamInfer \(UNIMPLEMENTED", "`streaming: true`"),
        ("rest", NoRouteError, "HTTP 404 for /scorer/.*/generate_stream: it has no", "kubectl"),
    ],
)
def test_a_stream_that_is_not_routed_is_reported(
    triton_outputs: dict[str, Any],
    triton: FakeTriton,
    transport: Transport,
    kind: type,
    words: str,
    fix: str,
) -> None:
    triton.routed = False
    with connect(triton_outputs, "scorer", transport=transport) as model:
        answers = model.stream({"n": [1]})
        with pytest.raises(kind, match=words) as error:
            next(answers)
    assert fix in error.value.fix


@streaming
def test_inputs_are_checked_before_anything_is_sent(
    triton_outputs: dict[str, Any], triton: FakeTriton, transport: Transport
) -> None:
    with (
        connect(triton_outputs, "scorer", transport=transport) as model,
        pytest.raises(InputError, match=r"'n' has shape \(2,\)"),
    ):
        model.stream({"n": [1, 2]})
    assert triton.requests == []


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_plain_prediction_of_a_decoupled_model_says_how_to_stream(
    triton_outputs: dict[str, Any], triton: FakeTriton, transport: Transport
) -> None:
    with connect(triton_outputs, "scorer", transport=transport) as model:
        with pytest.raises(UsageError, match=r"'scorer' is decoupled.*`predict --stream`"):
            model.predict({"n": [1]})
        assert triton.requests == []
        triton.configurable = False  # then only the server's message tells it
        model.metadata()
        with pytest.raises(ServerError, match=r"decoupled transaction policy.*`predict --stream`"):
            model.predict({"n": [1]})


@streaming
def test_a_model_that_is_not_decoupled_streams_one_answer(
    triton_outputs: dict[str, Any], triton: FakeTriton, transport: Transport
) -> None:
    triton.decoupled, triton.answers = False, triton._one
    triton.answer = lambda inputs: {"y": inputs["n"]}
    with connect(triton_outputs, "scorer", transport=transport) as model:
        assert [answer["y"].tolist() for answer in model.stream({"n": [7]})] == [[7]]


def test_tensors_that_generate_stream_cannot_carry_are_refused_with_an_alternative(
    triton_outputs: dict[str, Any], triton: FakeTriton
) -> None:
    triton.inputs = {"x": ("FP32", [-1, -1, 2]), "s": ("BYTES", [-1])}
    triton.outputs = {"y": ("FP32", [-1, -1, 2])}
    triton.answers = lambda inputs: iter([{"y": inputs["x"]}])
    good = np.array([[[0.5, 2], [3, np.nan]]], np.float32)
    with connect(triton_outputs, "scorer", transport="rest") as model:
        (answer,) = model.stream({"x": good, "s": ["a", "b"]})
        np.testing.assert_array_equal(answer["y"], good)
        sent = triton.requests[0][0]
        assert (sent["x"][:3], sent["s"]) == ([0.5, 2.0, 3.0], ["a", "b"])
        with pytest.raises(InputError, match=r"'x' has shape \(2, 1, 2\).*read as \(1, 2, 2\)"):
            model.stream({"x": good.reshape(2, 1, 2), "s": ["a"]})
        with pytest.raises(InputError, match="'s' holds bytes that are no UTF-8"):
            model.stream({"x": good, "s": [b"\xff"]})
        triton.outputs = {"y": ("FP16", [-1])}
        model.metadata()
        with pytest.raises(NoStreamError, match=r"'y' has dtype float16.*over grpc"):
            model.stream({"x": good, "s": ["a"]})
    with (
        connect(triton_outputs, "scorer", transport="rest-binary") as model,
        pytest.raises(NoStreamError, match="over grpc"),
    ):
        model.stream({"x": good, "s": ["a"]})


def test_a_scalar_is_sent_as_documented(triton_outputs: dict[str, Any], triton: FakeTriton) -> None:
    triton.inputs = {"text_input": ("BYTES", [1]), "temperature": ("FP32", [1])}
    triton.outputs = {"text_output": ("BYTES", [-1])}
    triton.answers = lambda inputs: iter([{"text_output": inputs["text_input"]}] * 2)
    with connect(triton_outputs, "scorer", transport="rest") as model:
        found = list(model.stream({"text_input": ["Hello"], "temperature": [0.5]}))
    assert triton.requests[0][0] == {"text_input": "Hello", "temperature": 0.5}
    assert [answer["text_output"].tolist() for answer in found] == [[b"Hello"]] * 2


@streaming
def test_an_answer_over_the_limit_ends_a_stream(
    triton_outputs: dict[str, Any], triton: FakeTriton, transport: Transport
) -> None:
    triton.answers = lambda _: iter([{"y": ("INT32", [1000], b"\1\0\0\0" * 1000)}])
    limits = Limits(message_bytes=1500)
    with (
        connect(triton_outputs, "scorer", transport=transport, limits=limits) as model,
        pytest.raises(MessageTooLargeError, match="limit of 1500 bytes"),
    ):
        next(model.stream({"n": [1]}))


@streaming
def test_tensorflow_serving_has_no_streams(outputs: dict[str, Any], transport: Transport) -> None:
    with (
        connect(outputs, "half_plus_two", transport=transport) as model,
        pytest.raises(NoStreamError, match="TensorFlow Serving has no streams"),
    ):
        model.stream({"x": [1]})
