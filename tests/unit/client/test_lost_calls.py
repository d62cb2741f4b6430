"""Calls that get no answer: their errors, which of them are repeated, and how long that takes."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import numpy as np
import pytest
import trustme

from client import Limits, connect
from client.cli import main
from client.endpoint import Transport
from client.errors import (
    DeadChannelError,
    GatewayError,
    NoRouteError,
    UnavailableError,
)
from tests.unit.client.conftest import REST
from tests.unit.client.counting import Backend
from tests.unit.client.fake_serving import FakeServing, Refusal, RestGateway, half_plus_two
from tests.unit.client.http2 import Http2Gateway

X = np.array([1, 2, 5], np.float32)
#: More failed handshakes than a call has attempts.
CUT = 6
both = pytest.mark.parametrize("transport", ["grpc", "rest"])


@pytest.fixture
def backend() -> Iterator[Callable[[Transport], Backend]]:
    started: list[Backend] = []

    def start(transport: Transport) -> Backend:
        started.append(Backend("tensorflow-serving", transport))
        return started[-1]

    yield start
    for served in started:
        served.stop()


@both
def test_a_call_waits_for_a_gateway_that_comes_back_and_is_executed_once(
    backend: Callable[[Transport], Backend], transport: Transport
) -> None:
    served = backend(transport)
    with served.model() as model:
        model.predict({"x": [1]})
        served.gateway.down()
        served.gateway.close_idle()
        time.sleep(1)  # until gRPC has noticed
        back = threading.Timer(1.5, served.gateway.up)
        back.start()
        assert model.predict({"x": [2]})["y"].tolist() == [3.0]
        back.join()
    assert served.executed == {1: 1, 2: 1}


@both
def test_after_a_lost_call_a_gateway_that_stays_away_is_named_in_the_time_to_connect(
    backend: Callable[[Transport], Backend], transport: Transport
) -> None:
    served = backend(transport)
    with served.model(connect=1.0) as model:
        model.metadata()
        served.gateway.fault = "reset after"
        with pytest.raises(UnavailableError):
            model.predict({"x": [1]})
        served.gateway.down()
        started = time.monotonic()
        with pytest.raises(DeadChannelError, match=r"within [01]\.\d s.*refused") as error:
            model.predict({"x": [2]})
        assert time.monotonic() - started < 5
        assert error.value.unexecuted
        served.gateway.up()
        assert model.predict({"x": [3]})["y"].tolist() == [3.5]
    assert served.executed == {1: 1, 3: 1}


@pytest.mark.parametrize("size", [10, 2**18])
def test_a_call_that_a_goaway_excluded_is_repeated_at_any_size(
    backend: Callable[[Transport], Backend], size: int
) -> None:
    served = backend("grpc")
    with served.model() as model:
        model.metadata()
        served.gateway.fault = "GOAWAY before"
        assert len(model.predict({"x": np.full(size, 7, np.float32)})["y"]) == size
    assert served.executed == {7: 1}


def test_a_handshake_that_is_cut_off_is_retried_over_rest(
    outputs: dict[str, Any], rest: RestGateway
) -> None:
    """A forwarder at the address resets the first connections during the handshake."""
    cut: list[bytes] = []

    def forward() -> None:
        while len(cut) < CUT:
            connection, _ = listener.accept()
            cut.append(connection.recv(5))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
        listener.close()
        listeners.append(socket.create_server(("127.0.0.1", port)))
        client, _ = listeners[0].accept()
        upstream = socket.create_connection(("127.0.0.1", rest.port))
        for source, sink in ((client, upstream), (upstream, client)):
            threading.Thread(target=pump, args=(source, sink), daemon=True).start()

    def pump(source: socket.socket, sink: socket.socket) -> None:
        while data := source.recv(65536):
            sink.sendall(data)

    listener = socket.create_server(("127.0.0.1", 0))
    port, listeners = listener.getsockname()[1], []
    threading.Thread(target=forward, daemon=True).start()
    outputs["endpoints"]["half_plus_two"]["rest"]["connect_to"] = f"127.0.0.1:{port}"
    with connect(outputs, "half_plus_two", transport="rest") as model:
        assert model.predict({"x": X})["y"].tolist() == [2.5, 3.0, 4.5]
    assert cut == [b"\x16\x03\x01" + cut[0][3:]] * CUT
    listeners[0].close()


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (404, NoRouteError, "it has no route for this path"),
        (413, GatewayError, r"the request is larger than slipway:limits\.message_size"),
        (418, GatewayError, "it is not the model's answer"),
        (429, GatewayError, "there are too many calls"),
        (500, GatewayError, "it failed itself"),
        (502, GatewayError, "its connection to a pod broke"),
        (503, GatewayError, "no pod behind it is ready"),
        (
            504,
            GatewayError,
            r"the server did not answer within slipway:limits\.deadline .*\(0\.\d s\)",
        ),
    ],
)
@both
def test_a_status_of_the_gateway_has_the_same_sentence_over_both_transports(
    outputs: dict[str, Any],
    leaf: trustme.LeafCert,
    rest: RestGateway,
    monkeypatch: pytest.MonkeyPatch,
    transport: Transport,
    status: int,
    kind: type[GatewayError],
    reason: str,
) -> None:
    monkeypatch.setattr("client.repeats.PAUSES", (0.01,))
    server = Http2Gateway(leaf, status)
    outputs["endpoints"]["half_plus_two"]["grpc"]["target"] = server.target
    rest.answers[f"{REST}/metadata"] = (status, "the gateway says so")
    words = rf"HTTP {status} for /half_plus_two/.*: {reason}"
    with (
        connect(outputs, "half_plus_two", transport=transport) as model,
        pytest.raises(kind, match=words) as error,
    ):
        model.metadata()
    assert type(error.value) is kind
    server.stop()


@pytest.mark.parametrize("status", [429, 502, 503])
def test_reads_are_repeated_automatically(
    outputs: dict[str, Any], rest: RestGateway, serving: FakeServing, status: int
) -> None:
    answers = [(status, "no"), (status, "no"), rest.answers[f"{REST}/metadata"]]
    rest.answers[f"{REST}/metadata"] = lambda _: answers.pop(0)
    with connect(outputs, "half_plus_two", transport="rest") as model:
        assert model.metadata().version == 1
    metadata, failures = serving.metadata, [1, 2]

    def flaky(request: Any) -> Any:
        if failures.pop():
            raise Refusal(grpc.StatusCode.UNAVAILABLE, "pod is going")
        return metadata(request)

    serving.metadata = flaky  # type: ignore[method-assign]
    failures[:] = [0, 1, 1]
    with connect(outputs, "half_plus_two") as model:
        assert model.metadata().version == 1
    assert failures == []


def test_the_wait_that_the_gateway_requests_is_printed_and_observed(
    outputs: dict[str, Any], rest: RestGateway
) -> None:
    busy = (429, "slower", ("Retry-After", "1"))
    good = rest.answers[f"{REST}:predict"]
    rest.answers[f"{REST}:predict"] = busy
    with connect(outputs, "half_plus_two", transport="rest") as model:
        with pytest.raises(GatewayError, match="too many calls, and it asks to wait 1 s"):
            model.predict({"x": X})
        answers = [lambda _: busy, good]
        rest.answers[f"{REST}:predict"] = lambda body: answers.pop(0)(body)
        started = time.monotonic()
        assert model.predict({"x": X}, idempotent=True)["y"].tolist() == [2.5, 3.0, 4.5]
        assert time.monotonic() - started > 1
        # The call does not wait longer than its deadline.
        rest.answers[f"{REST}:predict"] = (503, "later", ("Retry-After", "100"))
        with pytest.raises(GatewayError, match="and it asks to wait 100 s"):
            model.predict({"x": X}, idempotent=True, deadline=2)
        assert time.monotonic() - started < 10


def test_a_call_to_an_unavailable_server_is_repeated_only_if_it_is_idempotent(
    outputs: dict[str, Any], serving: FakeServing
) -> None:
    def full(request: Any) -> Any:
        if len(serving.requests) % 2:
            raise Refusal(grpc.StatusCode.UNAVAILABLE, "The batch scheduling queue is full")
        return half_plus_two(request)

    serving.answer = full
    with connect(outputs, "half_plus_two") as model:
        with pytest.raises(UnavailableError, match=r"queue is full\. The call may") as error:
            model.predict({"x": X})
        assert "idempotent=True" in error.value.fix
        assert len(serving.requests) == 1
        serving.requests.clear()
        assert model.predict({"x": X}, idempotent=True)["y"].tolist() == [2.5, 3.0, 4.5]


def test_a_server_that_stays_unavailable_is_called_four_times_within_the_deadline(
    outputs: dict[str, Any], serving: FakeServing
) -> None:
    def gone(_: Any) -> Any:
        raise Refusal(grpc.StatusCode.UNAVAILABLE, "pod is going")

    serving.answer = gone
    with connect(outputs, "half_plus_two", limits=Limits(deadline=20)) as model:
        with pytest.raises(UnavailableError) as error:
            model.predict({"x": X}, idempotent=True)
        assert "idempotent" not in error.value.fix
        assert len(serving.requests) == 4
        started = time.monotonic()
        with pytest.raises(UnavailableError):
            model.predict({"x": X}, idempotent=True, deadline=0.3)
        assert time.monotonic() - started < 1
        assert len(serving.requests) == 6


def test_the_command_line_repeats_a_prediction_with_idempotent(
    outputs: dict[str, Any], rest: RestGateway, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    import json

    file = tmp_path / "outputs.json"
    file.write_text(json.dumps(outputs))
    good = rest.answers[f"{REST}:predict"]
    failures: list[tuple[int, str]] = [(502, "no")]
    rest.answers[f"{REST}:predict"] = lambda body: failures.pop() if failures else good(body)
    command = ["predict", "half_plus_two", "1", "--rest", "--outputs", str(file)]
    assert main(command) == 1
    assert "`predict --idempotent`" in capsys.readouterr().err
    failures.append((502, "no"))
    assert main([*command, "--idempotent"]) == 0
    assert capsys.readouterr().out == "[2.5]\n"


@pytest.mark.parametrize(
    ("of_stack", "of_caller", "effective"), [(90, 0, 90), (90, 3, 3), (None, 0, 30)]
)
def test_the_deadline_is_the_stacks_unless_the_caller_sets_one(
    outputs: dict[str, Any], of_stack: int | None, of_caller: int, effective: int
) -> None:
    outputs["gateway"]["deadline_seconds"] = of_stack
    with connect(outputs, "half_plus_two", limits=Limits(deadline=of_caller)) as model:
        assert model.limits.deadline == effective
