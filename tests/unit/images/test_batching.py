"""The batching parameters file of the stand-in: what it takes, and what it refuses as the real
server does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from local.images.tflite_serving import batching
from local.images.tflite_serving.errors import ServingError

GOOD = """
max_batch_size { value: 64 }
batch_timeout_micros { value: 5000 }
max_enqueued_batches { value: 100 }
num_batch_threads { value: 4 }
enable_large_batch_splitting { value: true }
max_execution_batch_size { value: 32 }
allowed_batch_sizes: 8
allowed_batch_sizes: 64
pad_variable_length_inputs: true
"""


def with_file(options, path, text, **changes):
    path.write_text(text)
    return replace(
        options, **{"enable_batching": True, "batching_parameters_file": str(path), **changes}
    )


@pytest.mark.parametrize("text", [GOOD, "", "thread_pool_name { value: 'threads' }"])
def test_a_server_with_batching_parameters_answers(serve, options, tmp_path, text):
    running = serve(with_file(options, tmp_path / "batching.config", text))
    assert running.half(1, 2) == [2.5, 3.0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("max_batch { value: 1 }", 'no field named "max_batch"'),
        ("max_batch_size: 64", "Invalid protobuf file"),
        ("max_batch_size { value: 1.5 }", "Invalid protobuf file"),
        ("max_batch_size { value: 0 }", "max_batch_size must be positive; was 0"),
        ("num_batch_threads { value: 0 }", "num_batch_threads must be positive; was 0"),
        ("batch_timeout_micros { value: -1 }", "must be non-negative; was -1"),
        ("max_enqueued_batches { value: -1 }", "must be non-negative; was -1"),
        ("allowed_batch_sizes: 8", "last entry was 8; expected 1000"),
        (
            "max_batch_size { value: 8 } allowed_batch_sizes: 8 allowed_batch_sizes: 4",
            "monotonically increasing",
        ),
        (
            "max_execution_batch_size { value: 1001 } enable_large_batch_splitting { value: true }",
            "more than max_batch_size (1000)",
        ),
    ],
)
def test_a_wrong_file_keeps_the_server_from_starting(serve, options, tmp_path, text, message):
    with pytest.raises(ServingError) as caught:
        serve(with_file(options, tmp_path / "batching.config", text))
    assert message in str(caught.value)


def test_a_file_without_batching_is_refused(serve, options, tmp_path):
    with pytest.raises(ServingError, match=r"without setting server_options.enable_batching"):
        serve(with_file(options, tmp_path / "batching.config", GOOD, enable_batching=False))


def test_a_file_that_is_not_there_is_named(options, tmp_path):
    path = str(tmp_path / "none")
    with pytest.raises(ServingError, match=f"NOT_FOUND: {path}"):
        batching.check(replace(options, enable_batching=True, batching_parameters_file=path))
