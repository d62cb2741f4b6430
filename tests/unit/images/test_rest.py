"""The stand-in's REST API, against what TensorFlow Serving answers."""

from __future__ import annotations

import pytest

PREDICT = "/v1/models/half_plus_two:predict"


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({"instances": [1.0, 2, 5]}, {"predictions": [2.5, 3.0, 4.5]}),
        ({"instances": [{"x": 1.0}, {"x": 5}]}, {"predictions": [2.5, 4.5]}),
        ({"inputs": [1.0, 2.0]}, {"outputs": [2.5, 3.0]}),
        ({"inputs": {"x": [1.0]}}, {"outputs": [2.5]}),
        ({"signature_name": "serving_default", "instances": [0.2]}, {"predictions": [2.1]}),
    ],
)
def test_rows_and_columns_are_answered_in_kind(running, body, answer):
    assert running.rest(PREDICT, body) == (200, answer)


def test_a_version_and_the_latest_answer_alike(running):
    body = {"instances": [1.0]}
    path = "/v1/models/half_plus_two/versions/1:predict"
    assert running.rest(path, body) == running.rest(PREDICT, body) == (200, {"predictions": [2.5]})


def test_the_status_says_available(running):
    status, body = running.rest("/v1/models/half_plus_two")
    assert status == 200
    assert body["model_version_status"] == [
        {"version": "1", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    ]


def test_the_metadata_name_inputs_and_outputs(running):
    status, body = running.rest("/v1/models/half_plus_two/metadata")
    signature = body["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert status == 200
    assert body["model_spec"]["name"] == "half_plus_two"
    assert signature["inputs"]["x"]["dtype"] == "DT_FLOAT"
    assert set(signature["outputs"]) == {"y"}


@pytest.mark.parametrize(
    ("path", "body", "status", "message"),
    [
        ("/v1/models/xyz", None, 404, "Could not find any versions of model xyz"),
        ("/v1/models/xyz:predict", {"instances": [1]}, 404, "Servable not found for request: Latest(xyz)"),
        ("/v1/models/half_plus_two/versions/9", None, 404, "Could not find version 9 of model half_plus_two"),
        ("/v1/models/half_plus_two/labels/new:predict", {"instances": [1]}, 400, "Unrecognized servable version label: new"),
        ("/v1/models/half_plus_two:explain", {}, 400, "Malformed request: POST /v1/models/half_plus_two:explain"),
        ("/v1/models", None, 400, "Missing model name in request."),
        (PREDICT, b"", 400, "JSON Parse error: The document is empty"),
        (PREDICT, {}, 400, "Missing 'inputs' or 'instances' key"),
        (PREDICT, {"inputs": {"z": [1.0]}}, 400, "Missing named input: x in 'inputs' object."),
        (PREDICT, {"instances": ["a"]}, 400, 'JSON Value: "a" Type: String is not of expected type: float'),
        (PREDICT, {"instances": [1], "signature_name": "no"}, 400, 'Serving signature name: "no" not found in signature def'),
        (PREDICT, {"instances": [[1.0]]}, 400, "Shape of tensor serving_default_x [1,1] is not compatible with expected shape [?]."),
    ],
)  # fmt: skip
def test_a_mistake_is_answered_with_its_status_and_reason(running, path, body, status, message):
    assert running.rest(path, body) == (status, {"error": message})


def test_broken_json_is_a_bad_request(running):
    status, body = running.rest(PREDICT, b'{"instances": [1')
    assert status == 400
    assert body["error"].startswith("JSON Parse error: ")


def test_json_that_is_nested_too_deep_is_a_bad_request(running):
    body = b'{"instances": ' + b"[" * 40_000 + b"]" * 40_000 + b"}"
    status, answer = running.rest(PREDICT, body)
    assert status == 400
    assert answer["error"].startswith("JSON Parse error: ")
    assert running.half(1) == [2.5]


def test_numbers_that_are_none_are_read_and_written(running):
    status, answer = running.rest(PREDICT, b'{"instances": [NaN, 1, Infinity]}')
    assert status == 200
    assert str(answer["predictions"]) == "[nan, 2.5, inf]"


def test_classify_is_not_implemented(running):
    status, _ = running.rest("/v1/models/half_plus_two:classify", {})
    assert status == 501


def test_other_paths_are_not_found(running):
    assert running.rest("/metrics")[0] == 404
