"""Calls one model again and again, over one kept gRPC channel and one kept REST connection at once.

Run with the client's interpreter: `continuous_caller.py <outputs.json> <model> <answers> <begin>`,
with the expected answers as JSON. Neither the channel nor the pool retries, so each call that the
gateway or a server drops is one failure. Prints `calling` when both have answered once, or at once
if `begin` is `routeless`. Continues until its standard input ends, then prints for `grpc` and
`rest`, as JSON: the number of calls, the distinct answers in their order, the failures, and the
outcomes in their order. An outcome is `answered`, `no route` if the gateway has none, or the error.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import grpc
import numpy as np
import urllib3
from tensorflow_serving.apis import predict_pb2

from client.outputs import find_endpoint, parse_outputs
from client.protocols import open_inference_messages
from client.tensor_proto import from_proto, to_proto
from client.trust import ssl_context

VALUES = [1.0, 2.0, 5.0]
#: Seconds for one call, and between two calls: without a pause the two threads would use both
#: processors of a small machine, on which `pulumi up` runs at the same time.
DEADLINE, PAUSE = 10.0, 0.005

#: Traefik's answer to a path without a route.
NO_ROUTE = b"404 page not found\n"

Call = Callable[[], list[float]]


class RoutelessError(Exception):
    """The gateway has no route for the model."""


@dataclass(frozen=True, kw_only=True)
class Wire:
    """One request in a protocol's messages, over gRPC and over REST, and how to read an answer."""

    method: str
    request: bytes
    read: Callable[[bytes], list[float]]
    body: dict[str, Any]
    read_body: Callable[[Any], list[float]]


def tensorflow_serving(model: str) -> Wire:
    request = predict_pb2.PredictRequest()
    request.model_spec.name = model
    request.inputs["x"].CopyFrom(to_proto(np.array(VALUES, np.float32), "float32"))

    def read(answer: bytes) -> list[float]:
        outputs = predict_pb2.PredictResponse.FromString(answer).outputs
        return [float(value) for value in from_proto(outputs["y"], "y")]

    return Wire(
        method="tensorflow.serving.PredictionService/Predict",
        request=request.SerializeToString(),
        read=read,
        body={"inputs": VALUES},
        read_body=lambda answer: answer["outputs"],
    )


def open_inference_v2(model: str) -> Wire:
    types = open_inference_messages.messages()
    request = types.ModelInferRequest(model_name=model)
    request.inputs.add(name="x", datatype="FP32", shape=[len(VALUES)])
    request.raw_input_contents.append(np.array(VALUES, "<f4").tobytes())

    def read(answer: bytes) -> list[float]:
        (raw,) = types.ModelInferResponse.FromString(answer).raw_output_contents
        return [float(value) for value in np.frombuffer(raw, "<f4")]

    tensor = {"name": "x", "datatype": "FP32", "shape": [len(VALUES)], "data": VALUES}
    return Wire(
        method="inference.GRPCInferenceService/ModelInfer",
        request=request.SerializeToString(),
        read=read,
        body={"inputs": [tensor]},
        read_body=lambda answer: answer["outputs"][0]["data"],
    )


WIRES = {"tensorflow-serving": tensorflow_serving, "open-inference-v2": open_inference_v2}


def over_grpc(outputs: Path, model: str) -> Call:
    stack = parse_outputs(json.loads(outputs.read_text()))
    endpoint = find_endpoint(stack, model)
    address, wire = endpoint.grpc, WIRES[endpoint.protocol](model)
    assert address is not None and stack.ca_certificate is not None
    options = [
        ("grpc.default_authority", address.authority),
        ("grpc.enable_http_proxy", 0),
        ("grpc.enable_retries", 0),
    ]
    credentials = grpc.ssl_channel_credentials(stack.ca_certificate.encode())
    channel = grpc.secure_channel(address.target, credentials, options)
    unary = channel.unary_unary(f"{address.path}/{wire.method}")

    def call() -> list[float]:
        try:
            return wire.read(unary(wire.request, timeout=DEADLINE))
        except grpc.RpcError as error:
            # gRPC's translation of an HTTP 404 without a gRPC status.
            if error.code() is grpc.StatusCode.UNIMPLEMENTED and "404" in str(error.details()):
                raise RoutelessError from error
            raise

    return call


def over_rest(outputs: Path, model: str) -> Call:
    stack = parse_outputs(json.loads(outputs.read_text()))
    endpoint = find_endpoint(stack, model)
    address, wire = endpoint.rest, WIRES[endpoint.protocol](model)
    assert address is not None and address.connect_to is not None
    url = urlsplit(address.url)
    host, _, port = address.connect_to.rpartition(":")
    pool = urllib3.HTTPSConnectionPool(
        host,
        int(port),
        ssl_context=ssl_context(stack.ca_certificate),
        server_hostname=url.hostname,
        retries=False,
    )

    def call() -> list[float]:
        answer = pool.request(
            "POST",
            url.path,
            body=json.dumps(wire.body),
            headers={"Host": url.netloc, "Content-Type": "application/json"},
            timeout=DEADLINE,
        )
        if answer.status == 404 and answer.data == NO_ROUTE:
            raise RoutelessError
        if answer.status != 200:
            raise ValueError(f"HTTP {answer.status}: {answer.data[:200]!r}")
        return wire.read_body(answer.json())

    return call


class Caller:
    """Calls over one transport, in a thread of its own."""

    def __init__(self, call: Call, expected: list[list[float]], stop: threading.Event) -> None:
        self._call, self._expected, self._stop = call, expected, stop
        self.calls = 0
        self.answers: list[list[float]] = []
        self.failures: list[str] = []
        self.outcomes: list[str] = []
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._stop.wait(PAUSE):
            self.calls += 1
            outcome = self._outcome()
            if outcome != "answered":
                self.failures.append(f"call {self.calls}: {outcome}")
            if self.outcomes[-1:] != [outcome]:
                self.outcomes.append(outcome)

    def _outcome(self) -> str:
        try:
            answer = self._call()
        except RoutelessError:
            return "no route"
        # Every error is the outcome of this call.
        except Exception as error:  # noqa: BLE001
            return repr(error)
        if answer not in self._expected:
            return f"answered {answer}"
        if answer not in self.answers:
            self.answers.append(answer)
        return "answered"


def main() -> None:
    outputs, model = Path(sys.argv[1]), sys.argv[2]
    expected = json.loads(sys.argv[3])
    transports = {"grpc": over_grpc(outputs, model), "rest": over_rest(outputs, model)}
    if sys.argv[4] != "routeless":
        for call in transports.values():
            call()
    stop = threading.Event()
    callers = {name: Caller(call, expected, stop) for name, call in transports.items()}
    for caller in callers.values():
        caller.thread.start()
    print("calling", flush=True)
    sys.stdin.read()
    stop.set()
    for caller in callers.values():
        caller.thread.join()
    results = {
        name: {
            "calls": caller.calls,
            "answers": caller.answers,
            "failed": len(caller.failures),
            "first": caller.failures[:5],
            "outcomes": caller.outcomes,
        }
        for name, caller in callers.items()
    }
    print(json.dumps(results))


if __name__ == "__main__":
    main()
