"""The batching parameters file. It is read, and refused, as by the real server; this server batches
nothing.

The message is TensorFlow Serving's `BatchingParameters` (session_bundle_config.proto), which no
published wheel contains.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    message_factory,
    text_format,
    wrappers_pb2,
)

from .errors import invalid, not_found
from .flags import Options

_FIELD = descriptor_pb2.FieldDescriptorProto
_WRAPPED = {
    "max_batch_size": (1, "Int64Value"),
    "batch_timeout_micros": (2, "Int64Value"),
    "max_enqueued_batches": (3, "Int64Value"),
    "num_batch_threads": (4, "Int64Value"),
    "thread_pool_name": (5, "StringValue"),
    "enable_large_batch_splitting": (8, "BoolValue"),
    "max_execution_batch_size": (9, "Int64Value"),
}
#: The real server's default.
_MAX_BATCH_SIZE = 1000


def _message() -> Any:
    file = descriptor_pb2.FileDescriptorProto(
        name="tflite_serving/batching_parameters.proto",
        package="tflite_serving",
        syntax="proto3",
        dependency=[wrappers_pb2.DESCRIPTOR.name],
    )
    message = file.message_type.add(name="BatchingParameters")
    for name, (number, kind) in _WRAPPED.items():
        message.field.add(
            name=name,
            number=number,
            label=_FIELD.LABEL_OPTIONAL,
            type=_FIELD.TYPE_MESSAGE,
            type_name=f".google.protobuf.{kind}",
        )
    message.field.add(
        name="allowed_batch_sizes", number=6, label=_FIELD.LABEL_REPEATED, type=_FIELD.TYPE_INT64
    )
    message.field.add(
        name="pad_variable_length_inputs",
        number=7,
        label=_FIELD.LABEL_OPTIONAL,
        type=_FIELD.TYPE_BOOL,
    )
    pool = descriptor_pool.DescriptorPool()
    for each in (wrappers_pb2.DESCRIPTOR.serialized_pb, file.SerializeToString()):
        pool.AddSerializedFile(each)
    descriptor = pool.FindMessageTypeByName("tflite_serving.BatchingParameters")
    return message_factory.GetMessageClass(descriptor)


BatchingParameters = _message()


def check(options: Options) -> None:
    """Raise ServingError for batching flags or parameters that the real server refuses."""
    if not options.batching_parameters_file:
        return
    if not options.enable_batching:
        raise invalid(
            "server_options.batching_parameters_file is set without setting "
            "server_options.enable_batching to true."
        )
    path = Path(options.batching_parameters_file)
    try:
        parameters = text_format.Parse(path.read_text(), BatchingParameters())
    except OSError as error:
        raise not_found(f"{path}; {error.strerror}") from error
    except text_format.ParseError as error:
        raise invalid(f"Invalid protobuf file: '{path}': {error}") from error
    _check_values(parameters)


def _check_values(parameters: Any) -> None:
    for name, least, words in (
        ("num_batch_threads", 1, "positive"),
        ("max_batch_size", 1, "positive"),
        ("batch_timeout_micros", 0, "non-negative"),
        ("max_enqueued_batches", 0, "non-negative"),
    ):
        if parameters.HasField(name) and getattr(parameters, name).value < least:
            value = getattr(parameters, name).value
            raise invalid(f"{name} must be {words}; was {value}")
    largest = _MAX_BATCH_SIZE
    if parameters.HasField("max_batch_size"):
        largest = parameters.max_batch_size.value
    if parameters.enable_large_batch_splitting.value:
        execution = parameters.max_execution_batch_size.value
        if execution > largest:
            raise invalid(
                f"max_execution_batch_size is {execution}, more than max_batch_size ({largest})"
            )
    sizes = list(parameters.allowed_batch_sizes)
    if sizes != sorted(set(sizes)):
        raise invalid("allowed_batch_sizes entries must be monotonically increasing")
    if sizes and sizes[-1] != largest:
        raise invalid(
            "Last entry in allowed_batch_sizes must match max_batch_size; last entry was "
            f"{sizes[-1]}; expected {largest}"
        )
