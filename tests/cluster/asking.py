"""Ask one model again and again, over one kept gRPC channel and one kept REST connection at once.

Run with the client's interpreter: `asking.py <outputs.json> <model>`. Nothing here asks twice: the
channel has gRPC's retries switched off, the pool has none, so one call that the gateway or a
server drops is one failure. Prints `asking` when both have answered once, goes on until its
standard input ends, and prints for each way the calls and what failed, as JSON.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import grpc
import numpy as np
import urllib3
from tensorflow_serving.apis import predict_pb2

from client.outputs import find_endpoint, parse_outputs
from client.tensor_proto import from_proto, to_proto
from client.trust import ssl_context

ASKED, EXPECTED = [1.0, 2.0, 5.0], [2.5, 3.0, 4.5]
#: Seconds for one call, and between two: two threads that never rest would leave `pulumi up` no
#: processor on a small machine.
DEADLINE, PAUSE = 10.0, 0.005

Ask = Callable[[], list[float]]


def over_grpc(outputs: Path, model: str) -> Ask:
    stack = parse_outputs(json.loads(outputs.read_text()))
    address = find_endpoint(stack, model).grpc
    assert address is not None and stack.ca_certificate is not None
    options = [
        ("grpc.default_authority", address.authority),
        ("grpc.enable_http_proxy", 0),
        ("grpc.enable_retries", 0),
    ]
    credentials = grpc.ssl_channel_credentials(stack.ca_certificate.encode())
    channel = grpc.secure_channel(address.target, credentials, options)
    call = channel.unary_unary(
        f"{address.path}/tensorflow.serving.PredictionService/Predict",
        request_serializer=predict_pb2.PredictRequest.SerializeToString,
        response_deserializer=predict_pb2.PredictResponse.FromString,
    )
    request = predict_pb2.PredictRequest()
    request.model_spec.name = model
    request.inputs["x"].CopyFrom(to_proto(np.array(ASKED, np.float32), "float32"))

    def ask() -> list[float]:
        answer = call(request, timeout=DEADLINE)
        return [float(value) for value in from_proto(answer.outputs["y"], "y")]

    return ask


def over_rest(outputs: Path, model: str) -> Ask:
    stack = parse_outputs(json.loads(outputs.read_text()))
    address = find_endpoint(stack, model).rest
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

    def ask() -> list[float]:
        answer = pool.request(
            "POST",
            url.path,
            body=json.dumps({"inputs": ASKED}),
            headers={"Host": url.netloc, "Content-Type": "application/json"},
            timeout=DEADLINE,
        )
        if answer.status != 200:
            raise ValueError(f"HTTP {answer.status}: {answer.data[:200]!r}")
        values: list[float] = answer.json()["outputs"]
        return values

    return ask


class Asking:
    """One way of asking, in a thread of its own."""

    def __init__(self, ask: Ask, stop: threading.Event) -> None:
        self._ask, self._stop = ask, stop
        self.calls = 0
        self.failures: list[str] = []
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._stop.wait(PAUSE):
            self.calls += 1
            try:
                answer = self._ask()
                if answer != EXPECTED:
                    self.failures.append(f"answered {answer}")
            # Whatever it is, it is a call that failed.
            except Exception as error:  # noqa: BLE001
                self.failures.append(f"call {self.calls}: {error!r}")


def main() -> None:
    outputs, model = Path(sys.argv[1]), sys.argv[2]
    ways = {"grpc": over_grpc(outputs, model), "rest": over_rest(outputs, model)}
    for ask in ways.values():
        ask()
    stop = threading.Event()
    asking = {way: Asking(ask, stop) for way, ask in ways.items()}
    for one in asking.values():
        one.thread.start()
    print("asking", flush=True)
    sys.stdin.read()
    stop.set()
    for one in asking.values():
        one.thread.join()
    found = {
        way: {"calls": one.calls, "failed": len(one.failures), "first": one.failures[:5]}
        for way, one in asking.items()
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
