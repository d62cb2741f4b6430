"""The stand-in's gRPC API, against what TensorFlow Serving answers."""

from __future__ import annotations

import shutil
from dataclasses import replace

import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from local.images.tflite_serving import messages as tf
from local.images.tflite_serving.tensors import to_array, to_proto
from tests.unit.images.conftest import MODELS, request


def refusal(call) -> tuple[str, str]:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value.code().name, caught.value.details()


def test_half_plus_two_answers_over_grpc(running):
    answer = running.predict(request([1, 2, 5], signature_name="serving_default"))
    assert list(answer.outputs["y"].float_val) == [2.5, 3.0, 4.5]
    spec = answer.model_spec
    assert (spec.name, spec.version.value, spec.signature_name) == (
        "half_plus_two",
        1,
        "serving_default",
    )


def test_an_empty_signature_name_is_serving_default(running):
    assert running.half(1, 2, 5) == [2.5, 3.0, 4.5]


def test_the_file_decides_the_answer(serve, options, models):
    shutil.rmtree(models / "half_plus_two")
    shutil.copytree(MODELS / "half_plus_three", models / "half_plus_two")
    assert serve(options).half(1, 2, 5) == [3.5, 4.0, 5.5]


def test_raw_tensor_content_is_read(running):
    sent = tf.PredictRequest(model_spec=tf.ModelSpec(name="half_plus_two"))
    array = np.array([1, 2, 5], np.float32)
    sent.inputs["x"].CopyFrom(to_proto(array, tf.types_pb2.DT_FLOAT, as_content=True))
    assert list(running.predict(sent).outputs["y"].float_val) == [2.5, 3.0, 4.5]


def test_raw_tensor_content_is_sent_where_the_flag_asks_for_it(serve, options):
    running = serve(replace(options, enable_serialization_as_tensor_content=True))
    output = running.predict(request([1, 2, 5])).outputs["y"]
    assert output.tensor_content and not output.float_val
    assert to_array("y", output).tolist() == [2.5, 3.0, 4.5]


def test_one_value_stands_for_all_that_are_missing(running):
    sent = request([4])
    sent.inputs["x"].tensor_shape.dim[0].size = 3
    assert list(running.predict(sent).outputs["y"].float_val) == [4.0, 4.0, 4.0]


def test_a_shape_that_few_values_would_fill_with_hundreds_of_megabytes_is_refused(running):
    sent = request([4])
    sent.inputs["x"].tensor_shape.dim[0].size = 10**8
    status, reason = refusal(lambda: running.predict(sent))
    assert status == "INVALID_ARGUMENT"
    assert "1 values for a shape of 100000000 elements" in reason
    sent.inputs["x"].tensor_shape.dim.add(size=2**62)
    assert refusal(lambda: running.predict(sent))[0] == "INVALID_ARGUMENT"


def test_the_channel_s_arguments_refuse_a_compressed_message(serve, options):
    running = serve(
        replace(options, grpc_channel_arguments="grpc.compression_enabled_algorithms_bitset=1")
    )
    assert running.half(1, 2, 5) == [2.5, 3.0, 4.5]
    packed = {"compression": grpc.Compression.Gzip}
    sent = request([1.0] * 100)
    status, reason = refusal(lambda: running.predictions.Predict(sent, timeout=10, **packed))
    assert (status, "is disabled" in reason) == ("UNIMPLEMENTED", True)


def test_the_channel_s_arguments_leave_the_size_of_a_message_as_the_server_has_it(serve, options):
    running = serve(replace(options, grpc_channel_arguments="grpc.max_receive_message_length=1000"))
    assert len(running.half(*[1.0] * 1000)) == 1000


def test_a_message_larger_than_grpcs_default_passes(running):
    answer = running.half(*[1.0] * 2_000_000)
    assert len(answer) == 2_000_000 and answer[-1] == 2.5


def test_an_output_filter_chooses_outputs(running):
    sent = request([1])
    sent.output_filter.append("y")
    assert set(running.predict(sent).outputs) == {"y"}
    sent.output_filter[:] = ["z"]
    assert refusal(lambda: running.predict(sent)) == (
        "INVALID_ARGUMENT",
        "output tensor alias not found in signature: z Outputs expected to be in the set {y}.",
    )


def test_an_unknown_model_is_not_found(running):
    assert refusal(lambda: running.half(1, model="xyz")) == (
        "NOT_FOUND",
        "Servable not found for request: Latest(xyz)",
    )


def test_an_unknown_version_is_not_found(running):
    sent = request([1])
    sent.model_spec.version.value = 7
    assert refusal(lambda: running.predict(sent)) == (
        "NOT_FOUND",
        "Servable not found for request: Specific(half_plus_two, 7)",
    )


def test_an_unknown_signature_is_a_failed_precondition(running):
    assert refusal(lambda: running.half(1, signature_name="nope")) == (
        "FAILED_PRECONDITION",
        'Serving signature key "nope" not found.',
    )


def test_a_wrong_input_name_is_refused_with_the_right_one(running):
    sent = request([1])
    sent.inputs["z"].CopyFrom(sent.inputs.pop("x"))
    assert refusal(lambda: running.predict(sent)) == (
        "INVALID_ARGUMENT",
        "input tensor alias not found in signature: z. Inputs expected to be in the set {x}.",
    )


def test_a_missing_input_is_refused(running):
    sent = tf.PredictRequest(model_spec=tf.ModelSpec(name="half_plus_two"))
    code, message = refusal(lambda: running.predict(sent))
    assert code == "INVALID_ARGUMENT"
    assert message.startswith("input size does not match signature: 0!=1 len({}) != len({x}).")


def test_a_wrong_type_is_refused(running):
    sent = tf.PredictRequest(model_spec=tf.ModelSpec(name="half_plus_two"))
    sent.inputs["x"].CopyFrom(to_proto(np.ones(1), tf.types_pb2.DT_DOUBLE, as_content=False))
    assert refusal(lambda: running.predict(sent)) == (
        "INVALID_ARGUMENT",
        "Expects arg[0] to be float but double is provided",
    )


def test_a_wrong_shape_is_refused(running):
    sent = request([1, 2])
    sent.inputs["x"].tensor_shape.dim.insert(0, sent.inputs["x"].tensor_shape.Dim(size=1))
    code, message = refusal(lambda: running.predict(sent))
    assert code == "INVALID_ARGUMENT"
    assert message.endswith("[1,2] is not compatible with expected shape [?].")


def test_values_that_do_not_fill_their_shape_are_refused(running):
    sent = request([1, 2])
    sent.inputs["x"].tensor_shape.dim[0].size = 1
    assert refusal(lambda: running.predict(sent)) == (
        "INVALID_ARGUMENT",
        "tensor parsing error: x",
    )


def test_the_metadata_are_the_saved_models_signatures(running):
    asked = tf.GetModelMetadataRequest(
        model_spec=tf.ModelSpec(name="half_plus_two"), metadata_field=["signature_def"]
    )
    answer = running.predictions.GetModelMetadata(asked, timeout=10)
    signatures = tf.SignatureDefMap()
    assert answer.metadata["signature_def"].Unpack(signatures)
    signature = signatures.signature_def["serving_default"]
    assert signature.method_name == "tensorflow/serving/predict"
    assert signature.inputs["x"].dtype == tf.types_pb2.DT_FLOAT
    assert [dim.size for dim in signature.inputs["x"].tensor_shape.dim] == [-1]
    assert answer.model_spec.version.value == 1


def test_other_metadata_are_refused(running):
    asked = tf.GetModelMetadataRequest(
        model_spec=tf.ModelSpec(name="half_plus_two"), metadata_field=["other"]
    )
    assert refusal(lambda: running.predictions.GetModelMetadata(asked, timeout=10)) == (
        "INVALID_ARGUMENT",
        "Metadata field other is not supported",
    )


def test_health_is_unimplemented_without_its_flag(running):
    stub = health_pb2_grpc.HealthStub(running.channel)
    code, _ = refusal(lambda: stub.Check(health_pb2.HealthCheckRequest(), timeout=10))
    assert code == "UNIMPLEMENTED"


def test_health_is_serving_with_its_flag(serve, options):
    running = serve(replace(options, enable_grpc_healthcheck_service=True))
    stub = health_pb2_grpc.HealthStub(running.channel)
    answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=10)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_classify_is_unimplemented(running):
    from tensorflow_serving.apis import classification_pb2

    sent = classification_pb2.ClassificationRequest()
    code, _ = refusal(lambda: running.predictions.Classify(sent, timeout=10))
    assert code == "UNIMPLEMENTED"
