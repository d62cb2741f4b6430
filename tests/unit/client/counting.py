"""A model that counts the executions of each call, behind a gateway with faults."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from client.endpoint import Endpoint, GrpcAddress, RestAddress, Transport
from client.limits import Limits
from client.model import Model
from tests.unit.client.fake_serving import (
    FakeServing,
    GrpcGateway,
    RestGateway,
    half_plus_two,
    rest_metadata,
)
from tests.unit.client.fake_triton import FakeTriton, Tensor
from tests.unit.client.faulty_gateway import Gateway, GrpcFaults, RestFaults


class Backend:
    """A model of either protocol behind a gateway with faults. `executed` counts by call number."""

    def __init__(self, protocol: str, transport: Transport) -> None:
        self.executed: Counter[int] = Counter()
        self.protocol, self.transport = protocol, transport
        self._stops: list[Callable[[], None]] = []
        grpc, rest = self._serving() if protocol == "tensorflow-serving" else self._triton()
        self.gateway: Gateway = GrpcFaults(grpc) if transport == "grpc" else RestFaults(rest)

    def stop(self) -> None:
        self.gateway.down()
        self.gateway.close_idle()
        for stop in self._stops:
            stop()

    def model(self, **limits: float) -> Model:
        target = self.gateway.target
        path = {
            "tensorflow-serving": "v1/models/m:predict",
            "open-inference-v2": "v2/models/m/infer",
        }[self.protocol]
        endpoint = Endpoint(
            model="m",
            protocol=self.protocol,
            grpc=GrpcAddress(target=target, authority=target, path="/m", tls=False),
            rest=RestAddress(url=f"http://{target}/m/{path}"),
        )
        return Model(endpoint, transport=self.transport, limits=Limits(**limits))

    def execute(self, call: float) -> None:
        self.executed[int(call)] += 1

    def _serving(self) -> tuple[str, str]:
        serving = FakeServing("m")

        def answer(request: Any) -> Any:
            self.execute(np.frombuffer(request.inputs["x"].tensor_content, "<f4")[0])
            return half_plus_two(request)

        def answer_json(body: Any) -> tuple[int, Any]:
            self.execute(body["inputs"]["x"][0])
            return 200, {"outputs": [x / 2 + 2 for x in body["inputs"]["x"]]}

        serving.answer = answer
        grpc, rest = GrpcGateway(serving, None, "/m"), RestGateway(None)
        rest.answers = {
            "/m/v1/models/m/metadata": (200, rest_metadata()),
            "/m/v1/models/m:predict": answer_json,
        }
        self._stops += [grpc.stop, rest.stop]
        return grpc.target, rest.target

    def _triton(self) -> tuple[str, str]:
        triton = FakeTriton("m", "/m")
        triton.inputs = triton.outputs = {"x": ("FP32", [-1])}
        triton.outputs = {"y": ("FP32", [-1])}

        def answer(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
            kind, shape, raw = inputs["x"]
            x = np.frombuffer(raw, "<f4")
            self.execute(x[0])
            return {"y": (kind, shape, (x / 2 + 2).astype("<f4").tobytes())}

        triton.answer = answer
        self._stops += [triton.stop]
        return f"127.0.0.1:{triton.grpc_port}", f"127.0.0.1:{triton.http_port}"
