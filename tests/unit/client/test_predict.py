import threading
import time
from typing import Any

import numpy as np
import pytest
from tensorflow_serving.apis import predict_pb2

from client import Limits, Model, connect
from client.errors import (
    DeadlineError,
    MessageTooLargeError,
    ModelNotFoundError,
    NoTransportError,
    ServerError,
    UnknownProtocolError,
)
from client.signature import DTYPES, numpy_dtype
from client.tensor_proto import from_proto, to_proto
from tests.unit.client.fake_serving import FakeServing

X = np.array([1, 2, 5], np.float32)


def echo(request: Any) -> Any:
    answer = predict_pb2.PredictResponse()
    answer.outputs["y"].CopyFrom(request.inputs["x"])
    return answer


def test_a_prediction_goes_through_tls_and_the_path_prefix(
    outputs: dict[str, Any], serving: FakeServing
) -> None:
    with connect(outputs, "half_plus_two") as model:
        answer = model.predict({"x": X})
    assert answer["y"].tolist() == [2.5, 3.0, 4.5]
    assert answer["y"].dtype == np.float32
    assert serving.paths[-1] == "/half_plus_two/tensorflow.serving.PredictionService/Predict"
    assert set(serving.authorities) == {"models.localhost"}


def test_tensors_are_sent_raw(outputs: dict[str, Any], serving: FakeServing) -> None:
    with connect(outputs, "half_plus_two") as model:
        model.predict({"x": X})
    sent = serving.requests[0].inputs["x"]
    assert sent.tensor_content == X.tobytes()
    assert not sent.float_val


def test_lists_become_the_dtype_the_model_asks_for(
    outputs: dict[str, Any], serving: FakeServing
) -> None:
    with connect(outputs, "half_plus_two") as model:
        model.predict({"x": [1, 2, 5]})
    assert serving.requests[0].inputs["x"].tensor_content == X.tobytes()


def test_one_channel_and_one_metadata_call_serve_many_predictions(
    outputs: dict[str, Any], serving: FakeServing
) -> None:
    with connect(outputs, "half_plus_two") as model:
        for _ in range(5):
            model.predict({"x": X})
    assert sum("Metadata" in path for path in serving.paths) == 1


def test_a_new_signature_at_the_server_is_noticed(
    outputs: dict[str, Any], serving: FakeServing
) -> None:
    with connect(outputs, "half_plus_two") as model:
        model.predict({"x": X})
        serving.inputs, serving.answer = {"x": ("DT_DOUBLE", [-1])}, echo
        assert model.predict({"x": X.astype(np.float64)})["y"].dtype == np.float64


@pytest.mark.parametrize("dtype", sorted(DTYPES))
def test_every_dtype_survives_a_round_trip(
    outputs: dict[str, Any], serving: FakeServing, dtype: str
) -> None:
    names = {"float16": "DT_HALF", "float32": "DT_FLOAT", "float64": "DT_DOUBLE"}
    serving.inputs = {"x": (names.get(dtype, f"DT_{dtype.upper()}"), [-1, 2])}
    serving.answer = echo
    values = [[b"a", b"\xff"], [b"", b"b"]] if dtype == "string" else [[0, 1], [1, 0]]
    array = np.array(values, numpy_dtype(dtype))
    with connect(outputs, "half_plus_two") as model:
        answer = model.predict({"x": array})["y"]
    assert answer.dtype == array.dtype
    assert answer.tolist() == array.tolist()
    assert answer.flags.writeable


@pytest.mark.parametrize("dtype", sorted(DTYPES - {"string", "bool"}))
def test_typed_values_are_read_and_the_last_one_repeats(dtype: str) -> None:
    proto = to_proto(np.zeros((2, 2), numpy_dtype(dtype)), dtype)
    proto.tensor_content = b""
    field = {
        "float16": "half_val",
        "bfloat16": "half_val",
        "float32": "float_val",
        "float64": "double_val",
        "int64": "int64_val",
        "uint32": "uint32_val",
        "uint64": "uint64_val",
    }.get(dtype, "int_val")
    bits = {"float16": (0x3C00, 0x4000), "bfloat16": (0x3F80, 0x4000)}.get(dtype, (1, 2))
    getattr(proto, field).extend(bits)
    assert from_proto(proto, "y").tolist() == [[1, 2], [2, 2]]


def test_an_empty_typed_tensor_is_zeros_and_a_scalar_has_no_dimension() -> None:
    proto = to_proto(np.zeros((), np.int32), "int32")
    proto.tensor_content = b""
    assert from_proto(proto, "y").shape == ()
    assert from_proto(proto, "y") == 0


def test_bfloat16_rounds_to_nearest_and_keeps_not_a_number() -> None:
    array = np.array([1.006, 1.00390625, -3.14159, np.inf, np.nan], np.float32)
    back = from_proto(to_proto(array, "bfloat16"), "y")
    assert back[:4].tolist() == [1.0078125, 1.0, -3.140625, np.inf]
    assert np.isnan(back[4])


def test_a_tensor_that_does_not_fit_its_shape_is_reported() -> None:
    proto = to_proto(X, "float32")
    proto.tensor_shape.dim[0].size = 4
    with pytest.raises(ServerError, match=r"'y'.*3 values for shape \(4,\)"):
        from_proto(proto, "y")


def test_a_60_mib_message_passes_both_ways(outputs: dict[str, Any], serving: FakeServing) -> None:
    serving.answer = echo
    big = np.ones(60 * 2**20 // 4, np.float32)
    with connect(outputs, "half_plus_two") as model:
        assert model.predict({"x": big})["y"].nbytes == big.nbytes


def test_a_65_mib_request_is_refused_with_the_limit_and_not_sent(
    outputs: dict[str, Any], serving: FakeServing
) -> None:
    big = np.ones(65 * 2**20 // 4, np.float32)
    with (
        connect(outputs, "half_plus_two") as model,
        pytest.raises(MessageTooLargeError, match="limit of 67108864 bytes") as error,
    ):
        model.predict({"x": big})
    assert "smaller batches" in error.value.fix
    assert serving.requests == []


def test_a_65_mib_answer_is_refused_with_the_limit(
    outputs: dict[str, Any], serving: FakeServing
) -> None:
    def large(_: Any) -> Any:
        answer = predict_pb2.PredictResponse()
        answer.outputs["y"].CopyFrom(to_proto(np.ones(65 * 2**20 // 4, np.float32), "float32"))
        return answer

    serving.answer = large
    with (
        connect(outputs, "half_plus_two") as model,
        pytest.raises(MessageTooLargeError, match="limit of 67108864 bytes"),
    ):
        model.predict({"x": X})


def test_a_call_ends_at_its_deadline(outputs: dict[str, Any], serving: FakeServing) -> None:
    released = threading.Event()
    serving.answer = lambda _: released.wait(20)
    started = time.monotonic()
    with (
        connect(outputs, "half_plus_two") as model,
        pytest.raises(
            DeadlineError, match=r"/Predict at 127.0.0.1:\d+ did not finish its answer"
        ) as error,
    ):
        try:
            model.predict({"x": X}, deadline=0.5)
        finally:
            released.set()
    assert time.monotonic() - started < 5
    assert "--deadline" in error.value.fix


def test_a_model_that_the_server_does_not_have_is_distinguished_from_a_dead_server(
    outputs: dict[str, Any], serving: FakeServing
) -> None:
    serving.name = "another"
    with (
        connect(outputs, "half_plus_two") as model,
        pytest.raises(ModelNotFoundError, match=r"Servable not found.*half_plus_two"),
    ):
        model.predict({"x": X})


def test_the_requested_version_is_called(outputs: dict[str, Any], serving: FakeServing) -> None:
    with connect(outputs, "half_plus_two", version=7) as model:
        model.predict({"x": X})
        assert model.metadata().version == 7
    assert serving.requests[0].model_spec.version.value == 7


def test_the_requested_label_is_called(outputs: dict[str, Any], serving: FakeServing) -> None:
    with connect(outputs, "half_plus_two", version="canary") as model:
        model.predict({"x": X})
    assert serving.requests[0].model_spec.version_label == "canary"
    assert not serving.requests[0].model_spec.HasField("version")


def test_the_only_signature_is_used_without_internal_ones(
    outputs: dict[str, Any], serving: FakeServing
) -> None:
    serving.signature = "score"
    with connect(outputs, "half_plus_two") as model:
        assert list(model.metadata().signatures) == ["score"]
        model.predict({"x": X})
    assert serving.requests[0].model_spec.signature_name == "score"


def test_an_unknown_protocol_lists_the_known_ones(outputs: dict[str, Any]) -> None:
    outputs["endpoints"]["half_plus_two"]["protocol"] = "carrier-pigeon"
    with pytest.raises(UnknownProtocolError, match=r"'carrier-pigeon'.*tensorflow-serving"):
        connect(outputs, "half_plus_two")


def test_a_missing_transport_points_to_the_other(outputs: dict[str, Any]) -> None:
    outputs["endpoints"]["half_plus_two"]["grpc"] = None
    with pytest.raises(NoTransportError, match=r"no grpc address.*over rest"):
        connect(outputs, "half_plus_two")


def test_a_model_may_be_called_from_many_threads(outputs: dict[str, Any]) -> None:
    answers: list[list[float]] = []
    with connect(outputs, "half_plus_two", limits=Limits(deadline=20)) as model:
        assert isinstance(model, Model)
        threads = [
            threading.Thread(target=lambda: answers.append(model.predict({"x": X})["y"].tolist()))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert answers == [[2.5, 3.0, 4.5]] * 8
