"""The fields of Triton's `ModelConfig`, the text of `config.pbtxt`, that a stack file can set."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from components.config.durations import likely_microseconds
from components.config.options import Options, mistake
from components.config.versions import Versions

_Size = Annotated[int, Field(ge=1, le=1_000_000)]
_MOST_MICROSECONDS = 10_000_000
DataType = Literal[
    "TYPE_BOOL",
    "TYPE_UINT8",
    "TYPE_UINT16",
    "TYPE_UINT32",
    "TYPE_UINT64",
    "TYPE_INT8",
    "TYPE_INT16",
    "TYPE_INT32",
    "TYPE_INT64",
    "TYPE_FP16",
    "TYPE_FP32",
    "TYPE_FP64",
    "TYPE_STRING",
    "TYPE_BF16",
]


def _without_unit(raw: Any) -> Any:
    """Refuse a duration with a unit, which only TensorFlow Serving's options have."""
    meant = likely_microseconds(raw) if isinstance(raw, str) else None
    if meant is None:
        return raw
    raise mistake(
        f"a number of microseconds, from 0 to {_MOST_MICROSECONDS}",
        f"write `{min(max(meant, 0), _MOST_MICROSECONDS)}`",
    )


class BatchingOptions(Options):
    """Triton's dynamic batching: requests of several callers are computed as one batch, for more
    throughput and some latency. The model's first dimension has to be the batch, and
    `max_batch_size`, here or in its `config.pbtxt`, above 0"""

    max_batch_size: _Size | None = None
    """Rows of the largest batch. Overrides `config.pbtxt`"""
    preferred_batch_size: tuple[_Size, ...] = Field(default=(), strict=False)
    """A batch that reaches one of these sizes is computed at once, for models that are fast only
    at certain sizes. Left out, a batch consists of the requests that wait when the model is free"""
    max_queue_delay_microseconds: Annotated[
        int, Field(ge=0, le=_MOST_MICROSECONDS), BeforeValidator(_without_unit)
    ] = 0
    """How long a request waits for others that fill a batch of a preferred size, or of the largest
    size. The wait adds to the latency of calls at low load"""

    @model_validator(mode="after")
    def _sizes(self) -> BatchingOptions:
        preferred, most = list(self.preferred_batch_size), self.max_batch_size
        fitting = sorted({size for size in preferred if most is None or size <= most})
        if preferred != sorted(set(preferred)):
            raise mistake(
                "`preferred_batch_size` that increases", f"write `preferred_batch_size: {fitting}`"
            )
        if fitting != preferred:
            raise mistake(
                f"`preferred_batch_size` of at most `max_batch_size` ({most})",
                f"write `preferred_batch_size: {fitting}`, or `max_batch_size: {preferred[-1]}`",
            )
        return self


class WarmUpInput(Options):
    """One input of a warm-up request."""

    data_type: DataType
    """As in `config.pbtxt`, such as `TYPE_FP32`"""
    dims: tuple[Annotated[int, Field(ge=1)], ...] = Field(strict=False)
    """Its shape: a number for each dimension, without the batch dimension if the model has
    `max_batch_size` above 0"""
    random: bool = False
    """Random numbers instead of zeros"""


class WarmUpOptions(Options):
    """A request that a version answers before it serves, so that no caller waits for what a
    framework does only at the first call. A version that fails the request is not served"""

    inputs: dict[str, WarmUpInput]
    """All inputs of the model that are not optional, by name"""
    batch_size: _Size = 1
    """Rows of the request; 1 if the model does not batch"""
    count: Annotated[int, Field(ge=1, le=1000)] = 1
    """How often each instance of the model runs the request"""

    @field_validator("inputs")
    @classmethod
    def _some(cls, value: dict[str, WarmUpInput]) -> dict[str, WarmUpInput]:
        if not value:
            raise mistake("the model's inputs, by name", "write them as in its config.pbtxt")
        return value


def config_text(
    versions: Versions | None, batching: BatchingOptions | None, warm_up: WarmUpOptions | None
) -> str:
    """The arguments as fields of a `ModelConfig`, in protobuf's text format."""
    return _version_policy(versions) + _batching(batching) + _warm_up(warm_up)


def _version_policy(versions: Versions | None) -> str:
    if versions is None:
        return ""
    if versions.specific:
        return f"version_policy {{ specific {{ versions: {list(versions.specific)} }} }}\n"
    if versions.latest is not None:
        return f"version_policy {{ latest {{ num_versions: {versions.latest} }} }}\n"
    return "version_policy { all { } }\n"


def _batching(batching: BatchingOptions | None) -> str:
    if batching is None:
        return ""
    largest = batching.max_batch_size
    preferred = [f"preferred_batch_size: {size} " for size in batching.preferred_batch_size]
    delay = batching.max_queue_delay_microseconds
    return (
        "" if largest is None else f"max_batch_size: {largest}\n"
    ) + f"dynamic_batching {{ {''.join(preferred)}max_queue_delay_microseconds: {delay} }}\n"


def _warm_up(warm_up: WarmUpOptions | None) -> str:
    if warm_up is None:
        return ""
    inputs = "".join(
        "  inputs {\n"
        f"    key: {json.dumps(name, ensure_ascii=False)}\n"
        f"    value {{ data_type: {each.data_type} dims: {list(each.dims)} "
        f"{'random_data' if each.random else 'zero_data'}: true }}\n"
        "  }\n"
        for name, each in warm_up.inputs.items()
    )
    return (
        "model_warmup {\n"
        f'  name: "stack file"\n  batch_size: {warm_up.batch_size}\n  count: {warm_up.count}\n'
        f"{inputs}}}\n"
    )
