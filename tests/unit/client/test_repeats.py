"""Which calls the client repeats: a server counts executions behind a gateway that breaks calls."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from client.endpoint import Transport
from client.errors import ClientError, DeadlineError, GatewayError, UnavailableError
from client.model import Model
from tests.unit.client.counting import Backend
from tests.unit.client.faulty_gateway import COMMON, HTTP2

#: Calls for each of the five `WAYS`; together a thousand.
CALLS = 200
#: Seconds that a gateway is down, and the deadline of a call to a silent one.
AWAY, PATIENCE = 0.15, 1.5
#: Only a few calls, since each waits for its deadline.
SILENT = [("silence after", idempotent) for idempotent in (False, True)] * 2
WAYS: tuple[tuple[str, Transport], ...] = (
    ("tensorflow-serving", "grpc"),
    ("tensorflow-serving", "rest"),
    ("open-inference-v2", "grpc"),
    ("open-inference-v2", "rest"),
    ("open-inference-v2", "rest-binary"),
)
#: After these the call has certainly not been executed, so it is repeated even if not idempotent.
HARMLESS = ("none", "refused", "idle closed", "refused stream before", "GOAWAY before")
#: After these another attempt would end like the first.
FINAL = ("silence after", "504 before", "504 after")


@dataclass(frozen=True)
class Call:
    """One call and its result."""

    fault: str
    idempotent: bool
    error: ClientError | None
    executions: int


def calls_of(way: tuple[str, Transport]) -> list[Call]:
    """`CALLS` calls in sequence, half of them idempotent, with all faults in a random order."""
    faults = [*HARMLESS[:2], *COMMON[:-1], *(HTTP2 if way[1] == "grpc" else ("idle closed",))]
    plan = [(fault, idempotent) for fault in faults for idempotent in (False, True)]
    plan = (plan * -(-CALLS // len(plan)))[: CALLS - len(SILENT)] + SILENT
    random.Random(0).shuffle(plan)
    backend = Backend(*way)
    model = backend.model()
    try:
        return [
            one_call(backend, model, number, *each) for number, each in enumerate(plan, start=1)
        ]
    finally:
        model.close()
        backend.stop()


def one_call(backend: Backend, model: Model, number: int, fault: str, idempotent: bool) -> Call:
    gateway = backend.gateway
    comes_back = threading.Timer(AWAY, gateway.up) if fault == "refused" else None
    if comes_back:
        gateway.down()
        comes_back.start()
        model = backend.model()
    elif fault == "idle closed":
        gateway.close_idle()
    else:
        gateway.fault = fault
    try:
        error = predicted(model, number, fault, idempotent)
        while gateway.fault:
            # The call went over the connection of the previous call, which is already broken.
            assert isinstance(error, UnavailableError), error
            assert not backend.executed[number]
            error = predicted(model, number, fault, idempotent)
    finally:
        if comes_back:
            comes_back.join()
            model.close()
    return Call(fault, idempotent, error, backend.executed[number])


def predicted(model: Model, number: int, fault: str, idempotent: bool) -> ClientError | None:
    deadline = PATIENCE if fault.startswith("silence") else 20.0
    try:
        answer = model.predict({"x": [number, 1]}, deadline=deadline, idempotent=idempotent)
    except ClientError as error:
        return error
    assert answer["y"].tolist() == [number / 2 + 2, 2.5]
    return None


@pytest.fixture(scope="module")
def thousand() -> dict[tuple[str, Transport], list[Call]]:
    with ThreadPoolExecutor(len(WAYS)) as pool:
        return dict(zip(WAYS, pool.map(calls_of, WAYS), strict=True))


def test_every_fault_occurs_in_a_thousand_calls(thousand: Any) -> None:
    assert sum(map(len, thousand.values())) == 1000
    met = {call.fault for calls in thousand.values() for call in calls}
    assert met == {*HARMLESS, *COMMON, *HTTP2}


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_a_call_is_executed_more_than_once_only_if_it_is_idempotent(
    thousand: Any, way: tuple[str, Transport]
) -> None:
    assert [call for call in thousand[way] if call.executions > 1 and not call.idempotent] == []


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_a_call_that_was_certainly_not_executed_is_repeated_and_executed_once(
    thousand: Any, way: tuple[str, Transport]
) -> None:
    calls = [call for call in thousand[way] if call.fault in HARMLESS]
    assert len(calls) > 20
    assert [call for call in calls if call.error or call.executions != 1] == []


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_a_call_that_may_have_been_executed_fails_unless_it_is_idempotent(
    thousand: Any, way: tuple[str, Transport]
) -> None:
    calls = [call for call in thousand[way] if call.fault not in HARMLESS]
    for call in calls:
        executed = call.fault.endswith("after")
        if call.idempotent and call.fault not in FINAL:
            assert call.error is None, call
            assert call.executions == executed + 1, call
        else:
            assert call.error is not None, call
            assert call.executions == executed, call
            assert not call.error.unexecuted, call


@pytest.mark.parametrize("way", WAYS, ids="-".join)
@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ("reset", UnavailableError, "failed after .* The call may have been executed"),
        ("stream reset", UnavailableError, "failed after .* The call may have been executed"),
        (
            "silence",
            DeadlineError,
            r"not finish its answer within the deadline \(\d\.\d s waited\)",
        ),
        ("429", GatewayError, "HTTP 429 for /m/.*: there are too many calls"),
        ("502", GatewayError, "HTTP 502 for /m/.*: its connection to a pod broke"),
        ("503", GatewayError, "HTTP 503 for /m/.*: no pod behind it is ready"),
        (
            "504",
            GatewayError,
            r"HTTP 504 for /m/.*: the server did not answer within slipway:limits\.deadline",
        ),
    ],
)
def test_each_fault_has_its_own_message(
    thousand: Any, way: tuple[str, Transport], fault: str, kind: type, words: str
) -> None:
    errors = [call.error for call in thousand[way] if call.fault.startswith(fault) and call.error]
    assert errors or (fault == "stream reset" and way[1] != "grpc")
    for error in errors:
        assert type(error) is kind
        with pytest.raises(kind, match=words):
            raise error
