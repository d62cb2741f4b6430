"""A stand-in server of a test's own: real gRPC and REST on loopback, models copied from `models/`."""

from __future__ import annotations

import json
import shutil
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest

from local.images.tflite_serving import messages as tf
from local.images.tflite_serving.flags import Options
from local.images.tflite_serving.server import Server

MODELS = Path(__file__).parents[3] / "models"
QUICK = Options(
    file_system_poll_wait_seconds=1, max_num_load_retries=0, grpc_max_threads=4, num_tflite_pools=1
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], bool], what: str, seconds: float = 15) -> None:
    """Wait for `condition`; fails with `what` was waited for."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.02)


class Running:
    """A server that is up, and a caller of both of its APIs."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.server = Server(options)
        self.channel = grpc.insecure_channel(
            f"127.0.0.1:{options.port}", options=[("grpc.max_receive_message_length", -1)]
        )
        self.predictions = tf.prediction_service_pb2_grpc.PredictionServiceStub(self.channel)
        self.models = tf.model_service_pb2_grpc.ModelServiceStub(self.channel)

    def predict(self, request: Any) -> Any:
        return self.predictions.Predict(request, timeout=10)

    def half(self, *values: float, model: str = "half_plus_two", **spec: Any) -> list[float]:
        return list(self.predict(request(values, model=model, **spec)).outputs["y"].float_val)

    def status(self, model: str = "half_plus_two") -> dict[int, tuple[str, str]]:
        asked = tf.GetModelStatusRequest(model_spec=tf.ModelSpec(name=model))
        states = tf.ModelVersionStatus.State
        return {
            found.version: (states.Name(found.state), found.status.error_message)
            for found in self.models.GetModelStatus(asked, timeout=10).model_version_status
        }

    def rest(self, path: str, body: Any = None) -> tuple[int, Any]:
        url = f"http://127.0.0.1:{self.options.rest_api_port}{path}"
        data = (
            None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        )
        try:
            with urllib.request.urlopen(url, data, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            text = error.read()
            is_json = error.headers.get_content_type() == "application/json"
            return error.code, json.loads(text) if is_json else text


def request(values: Any, *, model: str = "half_plus_two", **spec: Any) -> Any:
    """A PredictRequest with `float_val`s for x."""
    made = tf.PredictRequest(model_spec=tf.ModelSpec(name=model, **spec))
    made.inputs["x"].dtype = tf.types_pb2.DT_FLOAT
    made.inputs["x"].tensor_shape.dim.add(size=len(values))
    made.inputs["x"].float_val.extend(values)
    return made


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A directory with half_plus_two, that the test may change."""
    shutil.copytree(MODELS / "half_plus_two", tmp_path / "models" / "half_plus_two")
    return tmp_path / "models"


@pytest.fixture
def options(models: Path) -> Options:
    """Options for that directory, on ports of the test's own."""
    return replace(
        QUICK,
        model_name="half_plus_two",
        model_base_path=str(models / "half_plus_two"),
        port=free_port(),
        rest_api_port=free_port(),
    )


@pytest.fixture
def serve() -> Iterator[Callable[[Options], Running]]:
    """Starts servers, and stops them after the test."""
    started: list[Running] = []

    def start(chosen: Options) -> Running:
        started.append(Running(chosen))
        started[-1].server.start()
        return started[-1]

    yield start
    for running in started:
        running.channel.close()
        running.server.stop()


@pytest.fixture
def running(serve: Callable[[Options], Running], options: Options) -> Running:
    return serve(options)
