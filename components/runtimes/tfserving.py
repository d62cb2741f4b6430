"""`TfServing`: models behind TensorFlow Serving."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from components import workload
from components.config.durations import duration, seconds
from components.config.environment import Value, variable
from components.config.model_options import ModelOptions
from components.config.options import example, likely, listed, mistake
from components.config.quantities import cores
from components.config.stack_config import LimitsOptions
from components.config.versions import Version, VersionPolicy, Versions
from components.contracts import ModelFiles
from components.kubernetes_object import Fields
from components.protocols import TENSORFLOW_SERVING
from components.runtimes.server import (
    CONFIGURATION,
    MEMORY_PER_JSON_BYTE,
    ModelServer,
    Program,
    default_memory,
)
from components.runtimes.tfserving_batching import BatchingOptions, batching_parameters
from components.runtimes.tfserving_flags import FLAGS, VARIABLES

TFSERVING_IMAGE = "tensorflow/serving:2.19.1"
TFSERVING_GPU_IMAGE = f"{TFSERVING_IMAGE}-gpu"
GRPC_PORT, REST_PORT = 8500, 8501
_MODELS, _BATCHING = "models.config", "batching.config"
_CPU = ("100m", "2")
#: What the server and a small model take, besides the requests.
_BASE_MEMORY = 512 * 2**20
#: So often, and after at most so many seconds, the server tries again to load a version before it
#: gives that version up, or itself where nothing is served. Nothing else is loaded meanwhile.
_LOAD_RETRIES, _LOAD_INTERVAL = 5, 5
_LABEL = re.compile(r"[A-Za-z0-9_]+")


def _label(name: str) -> str:
    if not _LABEL.fullmatch(name):
        raise likely(
            _label,
            "a label: letters, digits and `_`, since it stands in REST paths",
            "write a word of letters and digits",
            re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_"),
        )
    return name


class TfServingOptions(ModelOptions):
    """TensorFlow Serving: gRPC and REST."""

    model_config = example(runtime="tfserving")
    of_one_model: ClassVar[frozenset[str]] = ModelOptions.of_one_model | {"versions", "labels"}

    memory_per_message_byte: ClassVar[int] = MEMORY_PER_JSON_BYTE

    runtime: Literal["tfserving"]
    arguments: tuple[Annotated[str, *FLAGS.validator()], ...] = Field(default=(), strict=False)
    """Flags of `tensorflow_model_server`, such as `--num_load_threads=4`, beside those that the
    program sets. `$(NAME)` stands for a variable of `environment`"""
    environment: dict[Annotated[str, *variable(VARIABLES)], Value] = Field(default_factory=dict)
    """Variables of the server's environment, such as `TF_NUM_INTRAOP_THREADS`: text, or
    `{secret: name}` for a value of `slipway:secrets`"""
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

    def server_image(self) -> str:
        return self.image or (TFSERVING_GPU_IMAGE if self.accelerator else TFSERVING_IMAGE)

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
            command=["/usr/bin/tensorflow_model_server"],
            arguments=arguments(options, self.args.limits, models),
            configuration=configuration,
            protocol=TENSORFLOW_SERVING,
            grpc_port=GRPC_PORT,
            rest_port=REST_PORT,
            startup_probe={"httpGet": {"path": f"/v1/models/{next(iter(files))}", "port": "rest"}},
            readiness_probe=health,
            liveness_probe=health,
            cpu=_CPU,
            memory=default_memory(self.args.limits, _BASE_MEMORY),
        )

    def _cpu_limit(self) -> float:
        resources = self.args.options.resources
        amounts = workload.amounts(resources.requests.cpu, resources.limits.cpu, _CPU, cores)
        return cores(amounts[1])


def arguments(
    options: TfServingOptions, limits: LimitsOptions, models: Mapping[str, ModelOptions]
) -> list[str]:
    """The server's flags."""
    # It gives up, and says why, before the roll-out does.
    interval = min(_LOAD_INTERVAL, seconds(options.startup_timeout) / (4 * _LOAD_RETRIES))
    found = [
        f"--port={GRPC_PORT}",
        f"--rest_api_port={REST_PORT}",
        f"--model_config_file={CONFIGURATION}/{_MODELS}",
        "--enable_grpc_healthcheck_service",
        # Otherwise a small message inflates to any size. `1` is the set of `identity` alone. There is
        # no flag for the size of a message: gRPC takes the first of two equal arguments, and the
        # server's own, 2 GiB, stands before these. The gateway limits it.
        "--grpc_channel_arguments=grpc.compression_enabled_algorithms_bitset=1",
        # REST calls end after 30 s by default.
        f"--rest_api_timeout_in_ms={seconds(limits.deadline) * 1000}",
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
