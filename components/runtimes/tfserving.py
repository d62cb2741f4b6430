"""`TfServing`: models behind TensorFlow Serving."""

from __future__ import annotations

import json
from collections.abc import Mapping

from components import workload
from components.config.durations import seconds
from components.config.limits_options import LimitsOptions
from components.config.model_options import ModelOptions
from components.config.quantities import cores
from components.contracts.source import ModelFiles
from components.kubernetes.object import Fields
from components.protocols import TENSORFLOW_SERVING
from components.runtimes.deployment import DeploymentRuntime
from components.runtimes.json_memory import default_memory
from components.runtimes.server_spec import CONFIGURATION, ServerSpec
from components.runtimes.tfserving_batching import batching_parameters
from components.runtimes.tfserving_options import TfServingOptions

GRPC_PORT, REST_PORT = 8500, 8501
_MODELS, _BATCHING = "models.config", "batching.config"
_CPU = ("100m", "2")
#: Bytes of memory that the server and a small model take, besides requests.
_BASE_MEMORY = 512 * 2**20
#: How often the server retries to load a version, and the longest pause in seconds before a retry.
#: It loads nothing else meanwhile. Then it gives up the version, or ends if it serves nothing.
_LOAD_RETRIES, _LOAD_INTERVAL = 5, 5


class TfServing(DeploymentRuntime):
    """The server finds new versions by itself. It opens its ports only once each of its models has
    a version that answers."""

    kind = "tfserving"

    def program(self, files: Mapping[str, ModelFiles]) -> ServerSpec:
        options = self.args.options
        assert isinstance(options, TfServingOptions)
        models = {model.name: model.options for model in self.args.models}
        health: Fields = {"grpc": {"port": GRPC_PORT}}
        configuration = {_MODELS: model_config(files, models)}
        if options.batching:
            configuration[_BATCHING] = batching_parameters(options.batching, self._cpu_limit())
        return ServerSpec(
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
    # The server gives up, and logs the reason, before the roll-out times out.
    interval = min(_LOAD_INTERVAL, seconds(options.startup_timeout) / (4 * _LOAD_RETRIES))
    flags = [
        f"--port={GRPC_PORT}",
        f"--rest_api_port={REST_PORT}",
        f"--model_config_file={CONFIGURATION}/{_MODELS}",
        "--enable_grpc_healthcheck_service",
        # Without this a small compressed message may inflate to any size. The bit set `1` allows
        # `identity` alone. The size of a message cannot be set here: gRPC uses the first of two
        # channel arguments with one name, and the server's own, 2 GiB, precedes these. The gateway
        # limits the size.
        "--grpc_channel_arguments=grpc.compression_enabled_algorithms_bitset=1",
        # REST calls end after 30 s by default.
        f"--rest_api_timeout_in_ms={seconds(limits.deadline) * 1000}",
        f"--file_system_poll_wait_seconds={seconds(options.file_system_poll_wait)}",
        f"--max_num_load_retries={_LOAD_RETRIES}",
        f"--load_retry_interval_micros={int(interval * 1_000_000)}",
    ]
    if options.num_request_iterations_for_warmup > 1:
        flags.append(
            f"--num_request_iterations_for_warmup={options.num_request_iterations_for_warmup}"
        )
    if any(isinstance(each, TfServingOptions) and each.labels for each in models.values()):
        # By default the server refuses labels of versions that are not loaded, and at its start
        # none is loaded.
        flags.append("--allow_version_labels_for_unavailable_models")
    if options.batching:
        flags += ["--enable_batching", f"--batching_parameters_file={CONFIGURATION}/{_BATCHING}"]
    return flags


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
