from typing import Any

import numpy as np
import pytest

from client import Limits, connect
from client.endpoint import TRANSPORTS, Transport
from client.errors import (
    GatewayError,
    InputError,
    MessageTooLargeError,
    ModelNotFoundError,
    ServerError,
    UsageError,
)
from client.protocols.open_inference_tensors import DATATYPES
from client.signature import DTYPES, numpy_dtype
from tests.unit.client.fake_triton import FakeTriton, Tensor
from tests.unit.client.fake_triton_http import HEAD

X = np.array([[1, 2], [3, 4.5]], np.float32)
every_transport = pytest.mark.parametrize("transport", TRANSPORTS)


def predict(outputs: dict[str, Any], transport: Transport, x: Any = X, **options: Any) -> Any:
    with connect(outputs, "scorer", transport=transport, **options) as model:
        return model.predict({"x": x})["y"]


@every_transport
def test_a_prediction_comes_back_over_each_transport(
    triton_outputs: dict[str, Any], transport: Transport
) -> None:
    answer = predict(triton_outputs, transport)
    assert answer.tolist() == X.tolist()
    assert answer.dtype == np.float32
    assert answer.flags.writeable


@every_transport
@pytest.mark.parametrize("dtype", sorted(DTYPES))
def test_every_dtype_survives_a_round_trip(
    triton_outputs: dict[str, Any], triton: FakeTriton, dtype: str, transport: Transport
) -> None:
    triton.inputs = {"x": (DATATYPES[dtype], [-1, 2])}
    triton.outputs = {"y": (DATATYPES[dtype], [-1, 2])}
    values = [[b"a", b"\xc3\xa9"], [b"", b"b"]] if dtype == "string" else [[0, 1], [1, 0]]
    array = np.array(values, numpy_dtype(dtype))
    answer = predict(triton_outputs, transport, array)
    assert answer.dtype == array.dtype
    assert answer.tolist() == array.tolist()
    assert predict(triton_outputs, transport, array[:0]).shape == (0, 2)


def test_over_grpc_the_path_prefix_stands_before_the_service_and_tensors_are_raw(
    triton_outputs: dict[str, Any], triton: FakeTriton
) -> None:
    predict(triton_outputs, "grpc")
    assert triton.paths[-1] == "/scorer/inference.GRPCInferenceService/ModelInfer"
    request = triton.requests[0]
    assert list(request.raw_input_contents) == [X.tobytes()]
    assert not request.inputs[0].HasField("contents")


def test_over_rest_a_tensor_is_json_with_the_digits_of_its_dtype(
    triton_outputs: dict[str, Any], triton: FakeTriton
) -> None:
    predict(triton_outputs, "rest", np.array([[0.1, 2]], np.float32))
    request, raw, headers = triton.requests[0]
    assert triton.paths[-1] == "/scorer/v2/models/scorer/infer"
    assert request["inputs"][0]["data"] == [0.1, 2.0]
    assert raw == b""
    assert headers["Content-Type"] == "application/json"


def test_binary_rest_says_where_the_json_ends_and_asks_for_raw_answers(
    triton_outputs: dict[str, Any], triton: FakeTriton
) -> None:
    predict(triton_outputs, "rest-binary")
    request, raw, headers = triton.requests[0]
    assert raw == X.tobytes()
    assert request["inputs"][0]["parameters"] == {"binary_data_size": X.nbytes}
    assert "data" not in request["inputs"][0]
    assert request["parameters"] == {"binary_data_output": True}
    assert headers["Content-Type"] == "application/octet-stream"
    assert int(headers["Content-Length"]) == int(headers[HEAD]) + X.nbytes


def test_tensors_without_a_json_form_are_sent_raw_next_to_json(
    triton_outputs: dict[str, Any], triton: FakeTriton
) -> None:
    triton.inputs = {"x": ("BYTES", [-1]), "h": ("FP16", [1]), "n": ("INT32", [1])}
    triton.outputs = {"y": ("FP16", [1]), "n": ("INT32", [1])}
    triton.answer = lambda inputs: {"y": inputs["h"], "n": inputs["n"]}
    with connect(triton_outputs, "scorer", transport="rest") as model:
        answer = model.predict({"x": [b"\xff"], "h": [0.5], "n": [7]})
    assert (answer["y"].tolist(), answer["n"].tolist()) == ([0.5], [7])
    request, raw, _ = triton.requests[0]
    assert [("data" in tensor) for tensor in request["inputs"]] == [False, False, True]
    assert raw == b"\x01\0\0\0\xff" + np.float16(0.5).tobytes()


@every_transport
def test_not_a_number_and_infinity_survive(
    triton_outputs: dict[str, Any], transport: Transport
) -> None:
    answer = predict(triton_outputs, transport, np.array([[np.nan, -np.inf]], np.float32))
    assert np.isnan(answer[0, 0])
    assert answer[0, 1] == -np.inf


@every_transport
def test_the_requested_version_is_called(
    triton_outputs: dict[str, Any], triton: FakeTriton, transport: Transport
) -> None:
    with connect(triton_outputs, "scorer", transport=transport, version=1) as model:
        assert model.metadata().version == 1
        model.predict({"x": X})
    if transport == "grpc":
        assert triton.requests[0].model_version == "1"
    else:
        assert triton.paths[-1] == "/scorer/v2/models/scorer/versions/1/infer"


@every_transport
def test_a_label_is_refused_since_the_protocol_has_none(
    triton_outputs: dict[str, Any], transport: str
) -> None:
    with pytest.raises(UsageError, match="no labels of versions, such as 'canary'"):
        predict(triton_outputs, transport, version="canary")


@every_transport
def test_metadata_has_the_newest_version_and_open_dimensions(
    triton_outputs: dict[str, Any], triton: FakeTriton, transport: Transport
) -> None:
    triton.versions = ["9", "10"]
    with connect(triton_outputs, "scorer", transport=transport) as model:
        found = model.metadata()
        assert found.version == 10
        assert str(found.signature(None).inputs["x"]) == "x: float32 (?, 2)"
        triton.versions = ["v0.1.0"]
        assert model.metadata().version is None


@every_transport
def test_inputs_have_to_fit_a_fixed_shape_and_zeros_do(
    triton_outputs: dict[str, Any], triton: FakeTriton, transport: Transport
) -> None:
    triton.inputs, triton.outputs = {"x": ("UINT8", [3, 32, 32])}, {"y": ("UINT8", [3, 32, 32])}
    with connect(triton_outputs, "scorer", transport=transport) as model:
        assert model.predict(model.metadata().signature(None).zeros())["y"].shape == (3, 32, 32)
        with pytest.raises(InputError, match=r"\(1, 3, 32, 32\), expected \(3, 32, 32\)"):
            model.predict({"x": np.zeros((1, 3, 32, 32), np.uint8)})
        with pytest.raises(InputError, match="dtype float32, expected uint8"):
            model.predict({"x": np.zeros((3, 32, 32), np.float32)})


@every_transport
def test_a_missing_model_and_a_missing_version_are_named(
    triton_outputs: dict[str, Any], triton: FakeTriton, transport: Transport
) -> None:
    with pytest.raises(ModelNotFoundError, match="'scorer' version 7 is not at ready state"):
        predict(triton_outputs, transport, version=7)
    triton.name = "another"
    with pytest.raises(ModelNotFoundError, match="unknown model: 'scorer'"):
        predict(triton_outputs, transport)


@every_transport
def test_an_answer_that_does_not_fit_its_shape_is_reported(
    triton_outputs: dict[str, Any], triton: FakeTriton, transport: Transport
) -> None:
    def short(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        datatype, shape, raw = inputs["x"]
        return {"y": (datatype, shape, raw[:-4])}

    triton.answer = short
    with pytest.raises(ServerError, match=r"'y' cannot be read|not a prediction"):
        predict(triton_outputs, transport)


def test_typed_answers_are_read_as_raw_ones(
    triton_outputs: dict[str, Any], triton: FakeTriton
) -> None:
    triton.typed = True
    assert predict(triton_outputs, "grpc").tolist() == X.tolist()


def test_an_answer_that_is_not_a_message_is_reported(
    triton_outputs: dict[str, Any], triton: FakeTriton, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("client.protocols.wire_bytes.split", lambda *_: (b"\xff", []))
    with pytest.raises(ServerError, match="no ModelInferResponse"):
        predict(triton_outputs, "grpc")


@every_transport
def test_a_request_over_the_limit_is_not_sent(
    triton_outputs: dict[str, Any], triton: FakeTriton, transport: Transport
) -> None:
    big = np.ones((1000, 2), np.float32)
    with pytest.raises(MessageTooLargeError, match="limit of 3000 bytes"):
        predict(triton_outputs, transport, big, limits=Limits(message_bytes=3000))
    assert triton.requests == []


def test_a_model_that_declares_no_inputs_is_reported(
    triton_outputs: dict[str, Any], triton: FakeTriton
) -> None:
    triton.inputs = {}
    with pytest.raises(InputError, match="does not say which inputs"):
        predict(triton_outputs, "rest")


def test_a_missing_route_is_reported_as_unimplemented(
    triton_outputs: dict[str, Any], triton: FakeTriton
) -> None:
    triton_outputs["endpoints"]["scorer"]["grpc"]["path"] = "/elsewhere"
    with pytest.raises(ServerError, match="UNIMPLEMENTED"):
        predict(triton_outputs, "grpc")


def test_a_page_instead_of_the_model_is_reported(
    triton_outputs: dict[str, Any], triton: FakeTriton, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.unit.client.fake_triton_http._http", lambda *_: ({"hello": 1}, b""))
    with pytest.raises(ServerError, match="not metadata of the Open Inference Protocol"):
        predict(triton_outputs, "rest")
    monkeypatch.setattr("tests.unit.client.fake_triton_http._http", lambda *_: (None, b"<html>"))
    with pytest.raises(GatewayError, match="not the model's answer"):
        predict(triton_outputs, "rest")


def test_tensorflow_serving_has_no_binary_rest(outputs: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="no rest-binary; it has: grpc, rest"):
        connect(outputs, "half_plus_two", transport="rest-binary")
