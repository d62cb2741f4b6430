"""TensorFlow Serving's batching: its options, and the file that the server reads them from."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import Field, ValidationInfo, field_validator

from components.config.durations import duration, microseconds
from components.config.options import Options, mistake

#: The server's own default.
_MAX_BATCH_SIZE = 1000

_Size = Annotated[int, Field(ge=1, le=1_000_000)]


class BatchingOptions(Options):
    """Requests of several callers are computed as one batch, for more throughput and some latency.
    This helps if the model computes one large batch faster than many small ones, as on a GPU. The
    model's first dimension has to be the batch. Each model and version has a queue of its own; all
    of them share the threads"""

    max_batch_size: _Size = _MAX_BATCH_SIZE
    """Rows of the largest batch. A request with more rows is refused, unless
    `max_execution_batch_size` is set"""
    batch_timeout: Annotated[str, *duration("0us", "10s")] | None = None
    """How long a batch that is not full waits for more requests, such as `500us`, up to 10s. With
    0, or left out, it does not wait. The wait adds to the latency of calls at low load"""
    max_enqueued_batches: _Size = 10
    """How many batches may wait for a thread. Further requests are refused as UNAVAILABLE"""
    num_batch_threads: Annotated[int, Field(ge=1, le=1024)] | None = None
    """How many batches are computed at once. Left out, it is `resources.limits.cpu`, rounded up,
    since the server's own default is the number of the node's cores"""
    max_execution_batch_size: _Size | None = None
    """The server accepts requests of up to `max_batch_size` rows, and splits them into batches of
    at most this many rows"""
    allowed_batch_sizes: tuple[_Size, ...] = Field(default=(), strict=False)
    """Batches are padded to the next of these sizes, for models that are compiled for certain
    sizes. The sizes increase, and the last one is `max_batch_size`"""
    pad_variable_length_inputs: bool = False
    """Inputs that differ in a dimension other than the first are padded with zeros to the longest
    of the batch. Otherwise only inputs of the same shape share a batch"""

    @field_validator("max_execution_batch_size")
    @classmethod
    def _split(cls, value: int | None, info: ValidationInfo) -> int | None:
        largest = info.data.get("max_batch_size")
        if value is not None and largest is not None and value > largest:
            raise mistake(
                f"at most `max_batch_size` ({largest})",
                f"write `{largest}`, or `max_batch_size: {value}`",
            )
        return value

    @field_validator("allowed_batch_sizes")
    @classmethod
    def _sizes(cls, value: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        largest = info.data.get("max_batch_size")
        if not value or largest is None:
            return value
        fitting = sorted({size for size in value if size <= largest} | {largest})
        # The server checks the order only where it splits requests, and relies on it everywhere.
        if list(value) != sorted(set(value)):
            raise mistake("sizes that increase", f"write `{fitting}`")
        if value[-1] != largest:
            raise mistake(
                f"sizes that end with `max_batch_size` ({largest})",
                f"write `{fitting}`, or `max_batch_size: {value[-1]}`",
            )
        return value


def batching_parameters(batching: BatchingOptions, cpu_limit: float) -> str:
    """TensorFlow Serving's `BatchingParameters` as protobuf text."""
    threads = batching.num_batch_threads or math.ceil(cpu_limit)
    wrapped: dict[str, Any] = {
        "max_batch_size": batching.max_batch_size,
        "batch_timeout_micros": microseconds(batching.batch_timeout or "0us"),
        "max_enqueued_batches": batching.max_enqueued_batches,
        "num_batch_threads": threads,
    }
    if batching.max_execution_batch_size is not None:
        wrapped |= {
            "enable_large_batch_splitting": "true",
            "max_execution_batch_size": batching.max_execution_batch_size,
        }
    lines = [f"{name} {{ value: {value} }}" for name, value in wrapped.items()]
    lines += [f"allowed_batch_sizes: {size}" for size in batching.allowed_batch_sizes]
    if batching.pad_variable_length_inputs:
        lines.append("pad_variable_length_inputs: true")
    return "\n".join(lines) + "\n"
