"""`TfServing`: models behind TensorFlow Serving."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from components import workload
from components.config.durations import duration, microseconds, seconds
from components.config.model_options import ModelOptions
from components.config.options import Options, example, likely, listed, mistake
from components.config.quantities import cores
from components.config.versions import Version, VersionPolicy, Versions
from components.contracts import TENSORFLOW_SERVING, ModelFiles
from components.kubernetes_object import Fields
from components.runtimes.server import CONFIGURATION, ModelServer, Program

TFSERVING_IMAGE = "tensorflow/serving:2.19.1"
TFSERVING_GPU_IMAGE = f"{TFSERVING_IMAGE}-gpu"
GRPC_PORT, REST_PORT = 8500, 8501
_MODELS, _BATCHING = "models.config", "batching.config"
_CPU, _MEMORY = ("100m", "2"), ("256Mi", "1Gi")
#: The server's own, where `max_batch_size` is left out.
_MAX_BATCH_SIZE = 1000
#: So often, and after at most so many seconds, the server tries again to load a version before it
#: gives that version up, or itself where nothing is served. Nothing else is loaded meanwhile.
_LOAD_RETRIES, _LOAD_INTERVAL = 5, 5
_LABEL = re.compile(r"[A-Za-z0-9_]+")

_Size = Annotated[int, Field(ge=1, le=1_000_000)]


def _label(name: str) -> str:
    if not _LABEL.fullmatch(name):
        raise likely(
            _label,
            "a label: letters, digits and `_`, since it stands in REST paths",
            "write a word of letters and digits",
            re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_"),
        )
    return name


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


class TfServingOptions(ModelOptions):
    """TensorFlow Serving: gRPC and REST."""

    model_config = example(runtime="tfserving")
    of_one_model: ClassVar[frozenset[str]] = ModelOptions.of_one_model | {"versions", "labels"}

    runtime: Literal["tfserving"]
    versions: VersionPolicy = Versions(latest=1)
    """Which versions are loaded: `{latest: n}` the n newest, `{specific: [1, 2]}` those, `all`
    every one. Calls that name no version go to the newest that is loaded. A new directory is
    picked up while the server runs; a version that no longer belongs is unloaded once another
    serves. Each version needs its own memory, and during a change the old and the new one do"""
    labels: dict[Annotated[str, AfterValidator(_label)], Version] = Field(default_factory=dict)
    """Names of versions, such as `{stable: 1, canary: 2}`, that calls can use instead of numbers;
    they have to be among `versions`. A label's calls fail while its version is not loaded"""
    batching: BatchingOptions | None = None
    """Left out, each request is computed by itself"""
    file_system_poll_wait: Annotated[str, *duration("1s", "1h")] = "1s"
    """How often the server looks for new versions, from 1s to 1h. A longer wait is kind to a
    network volume"""
    num_request_iterations_for_warmup: Annotated[int, Field(ge=1, le=1000)] = 1
    """How often each request in a version's `assets.extra/tf_serving_warmup_requests` is run
    before that version serves. Without that file nothing is run"""

    @field_validator("labels")
    @classmethod
    def _stay(cls, value: dict[str, int], info: ValidationInfo) -> dict[str, int]:
        labelled, policy = sorted(set(value.values())), info.data.get("versions")
        if not labelled or policy is None:
            return value
        if policy.latest is not None:
            raise mistake(
                "`versions` that keep what is labelled: `latest` drops it for a newer one",
                f"write beside it `versions: {{specific: {labelled}}}`, or `versions: all`",
            )
        absent = [number for number in labelled if number not in policy.specific]
        if policy.specific and absent:
            both = sorted({*policy.specific, *labelled})
            raise mistake(
                f"labels of versions that are served, which {listed(absent)} is not",
                f"write beside it `versions: {{specific: {both}}}`, or label another version",
            )
        return value


class TfServing(ModelServer):
    """The server looks for new versions by itself. It opens its ports when each of its models has
    a version that answers, not before."""

    kind = "tfserving"
    options = TfServingOptions

    def program(self, files: Mapping[str, ModelFiles]) -> Program:
        options = self.args.options
        assert isinstance(options, TfServingOptions)
        models = {model.name: model.options for model in self.args.models}
        health: Fields = {"grpc": {"port": GRPC_PORT}}
        configuration = {_MODELS: model_config(files, models)}
        if options.batching:
            configuration[_BATCHING] = batching_parameters(options.batching, self._cpu_limit())
        return Program(
            image=TFSERVING_GPU_IMAGE if self.args.options.accelerator else TFSERVING_IMAGE,
            command=["/usr/bin/tensorflow_model_server"],
            arguments=arguments(options, seconds(self.args.limits.deadline), models),
            configuration=configuration,
            protocol=TENSORFLOW_SERVING,
            grpc_port=GRPC_PORT,
            rest_port=REST_PORT,
            startup_probe={"httpGet": {"path": f"/v1/models/{next(iter(files))}", "port": "rest"}},
            readiness_probe=health,
            liveness_probe=health,
            cpu=_CPU,
            memory=_MEMORY,
        )

    def _cpu_limit(self) -> float:
        resources = self.args.options.resources
        amounts = workload.amounts(resources.requests.cpu, resources.limits.cpu, _CPU, cores)
        return cores(amounts[1])


def arguments(
    options: TfServingOptions, deadline: int, models: Mapping[str, ModelOptions]
) -> list[str]:
    """The server's flags; `deadline` in seconds."""
    # It gives up, and says why, before the roll-out does.
    interval = min(_LOAD_INTERVAL, seconds(options.startup_timeout) / (4 * _LOAD_RETRIES))
    found = [
        f"--port={GRPC_PORT}",
        f"--rest_api_port={REST_PORT}",
        f"--model_config_file={CONFIGURATION}/{_MODELS}",
        "--enable_grpc_healthcheck_service",
        # REST calls end after 30 s by default. The size of a message has no flag: the
        # server takes any, the gateway does not.
        f"--rest_api_timeout_in_ms={deadline * 1000}",
        f"--file_system_poll_wait_seconds={seconds(options.file_system_poll_wait)}",
        f"--max_num_load_retries={_LOAD_RETRIES}",
        f"--load_retry_interval_micros={int(interval * 1_000_000)}",
    ]
    if options.num_request_iterations_for_warmup > 1:
        found.append(
            f"--num_request_iterations_for_warmup={options.num_request_iterations_for_warmup}"
        )
    if any(isinstance(each, TfServingOptions) and each.labels for each in models.values()):
        # At start no version is loaded yet, and the server refuses labels of such otherwise.
        found.append("--allow_version_labels_for_unavailable_models")
    if options.batching:
        found += ["--enable_batching", f"--batching_parameters_file={CONFIGURATION}/{_BATCHING}"]
    return found


def model_config(files: Mapping[str, ModelFiles], models: Mapping[str, ModelOptions]) -> str:
    """TensorFlow Serving's `ModelServerConfig` as protobuf text."""
    text = "".join(
        "  config {\n"
        f"    name: {json.dumps(model)}\n"
        f"    base_path: {json.dumps(each.path)}\n"
        '    model_platform: "tensorflow"\n'
        f"{_versions(models[model])}"
        "  }\n"
        for model, each in files.items()
    )
    return f"model_config_list {{\n{text}}}\n"


def _versions(options: ModelOptions) -> str:
    assert isinstance(options, TfServingOptions)
    policy = options.versions
    if policy.latest is not None:
        chosen = f"latest {{ num_versions: {policy.latest} }}"
    elif policy.specific:
        numbers = " ".join(f"versions: {number}" for number in policy.specific)
        chosen = f"specific {{ {numbers} }}"
    else:
        chosen = "all { }"
    labels = "".join(
        f"    version_labels {{ key: {json.dumps(label)} value: {version} }}\n"
        for label, version in options.labels.items()
    )
    return f"    model_version_policy {{ {chosen} }}\n{labels}"


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
