"""TensorFlow Serving's batching: its options, and the file that the server reads them from."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import Field, ValidationInfo, field_validator

from components.config.durations import duration, microseconds
from components.config.options import Options, mistake

#: The server's own, where `max_batch_size` is left out.
_MAX_BATCH_SIZE = 1000

_Size = Annotated[int, Field(ge=1, le=1_000_000)]


class BatchingOptions(Options):
    """Requests of several callers are computed as one batch: more throughput for some latency.
    Worth it where the model is faster on one large batch than on many small ones, as on a GPU; its
    first dimension has to be the batch. Each model and version has a queue of its own, the
    threads are for all"""

    max_batch_size: _Size = _MAX_BATCH_SIZE
    """Rows of the largest batch. A request with more is refused, unless
    `max_execution_batch_size` is given"""
    batch_timeout: Annotated[str, *duration("0us", "10s")] | None = None
    """How long a batch that is not full waits for more requests, such as `500us`, up to 10s; 0 or
    left out, not at all. It adds to the latency of calls at low load"""
    max_enqueued_batches: _Size = 10
    """Batches that wait for a thread; what comes beyond them is refused as UNAVAILABLE"""
    num_batch_threads: Annotated[int, Field(ge=1, le=1024)] | None = None
    """Batches that are computed at once. Left out, as many as `resources.limits.cpu`, rounded up:
    the server's own default counts the cores of the node"""
    max_execution_batch_size: _Size | None = None
    """Requests of up to `max_batch_size` rows are taken, and split into batches of at most this
    many rows"""
    allowed_batch_sizes: tuple[_Size, ...] = Field(default=(), strict=False)
    """Batches are padded to the next of these sizes, for models that are compiled for a size.
    Increasing; the last is `max_batch_size`"""
    pad_variable_length_inputs: bool = False
    """Inputs that differ in other dimensions than the first are padded with zeros to the longest
    of the batch; otherwise only inputs of the same shape share a batch"""

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
