"""The command line: TensorFlow Serving's flags with the names and defaults of its `main.cc`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, fields

CPUS = len(os.sched_getaffinity(0))


class FlagError(Exception):
    """An argument is no flag of the server, or its value is invalid."""


@dataclass(frozen=True)
class Options:
    """The flags that have an effect on this server. Their names give the units of time."""

    port: int = 8500
    grpc_socket_path: str = ""
    grpc_channel_arguments: str = ""
    grpc_max_threads: int = 4 * CPUS
    enable_grpc_healthcheck_service: bool = False
    enable_serialization_as_tensor_content: bool = False
    rest_api_port: int = 0
    rest_api_num_threads: int = 4 * CPUS
    rest_api_enable_cors_support: bool = False
    model_name: str = "default"
    model_base_path: str = ""
    model_config_file: str = ""
    model_config_file_poll_wait_seconds: int = 0
    file_system_poll_wait_seconds: int = 1
    max_num_load_retries: int = 5
    load_retry_interval_micros: int = 60_000_000
    allow_version_labels_for_unavailable_models: bool = False
    enable_batching: bool = False
    batching_parameters_file: str = ""
    num_tflite_pools: int = CPUS
    num_tflite_interpreters_per_pool: int = 1
    tensorflow_intra_op_parallelism: int = 0
    tensorflow_session_parallelism: int = 0
    version: bool = False
    #: Flags that were set and have no effect here; the log names them at the start.
    without_effect: tuple[str, ...] = ()


#: Flags without an effect here: about TensorFlow's internals, speed, or metrics.
WITHOUT_EFFECT: dict[str, bool | int | float | str] = {
    "rest_api_timeout_in_ms": 30_000,
    "enable_batching": False,
    "batching_parameters_file": "",
    "enable_per_model_batching_parameters": False,
    "num_load_threads": 0,
    "num_unload_threads": 0,
    "flush_filesystem_caches": True,
    "tensorflow_inter_op_parallelism": 0,
    "tensorflow_session_config_file": "",
    "per_process_gpu_memory_fraction": 0.0,
    "saved_model_tags": "serve",
    "enable_model_warmup": True,
    "num_request_iterations_for_warmup": 0,
    "monitoring_config_file": "",
    "remove_unused_fields_from_bundle_metagraph": True,
    "prefer_tflite_model": False,
    "enable_signature_method_name_check": False,
    "xla_cpu_compilation_enabled": False,
    "xla_gpu_compilation_enabled": False,
    "enable_profiler": True,
    "thread_pool_factory_config_file": "",
    "mixed_precision": "",
    "skip_initialize_tpu": False,
}

#: Flags of the real server that are not supported and would change who can connect, or what is
#: served.
REFUSED: tuple[str, ...] = ("ssl_config_file", "use_alts_credentials", "platform_config_file")

_ACTED_ON: dict[str, bool | int | float | str] = {
    field.name: field.default
    for field in fields(Options)
    if isinstance(field.default, bool | int | str)
}
_KNOWN = WITHOUT_EFFECT | _ACTED_ON


def parse(arguments: Sequence[str]) -> Options:
    """Options from `--name=value`, and `--name` for true. Raises FlagError.

    It is stricter than the real server, which starts after an unknown flag: here a mistyped flag
    has to be noticed.
    """
    values: dict[str, bool | int | float | str] = {}
    for argument in arguments:
        name, has_value, text = argument.removeprefix("--").partition("=")
        if argument.startswith("--") and name in REFUSED:
            raise FlagError(f"--{name} is not supported by this stand-in: use tensorflow/serving")
        if not argument.startswith("--") or name not in _KNOWN:
            raise FlagError(f"unknown argument: {argument}")
        values[name] = _value(name, text if has_value else None)
    options = Options(**{n: v for n, v in values.items() if n in _ACTED_ON})  # type: ignore[arg-type]
    silent = tuple(sorted(f"--{name}" for name in values if name in WITHOUT_EFFECT))
    return Options(**{**vars(options), "without_effect": silent})


def _value(name: str, text: str | None) -> bool | int | float | str:
    default = _KNOWN[name]
    if isinstance(default, bool):
        if text is None or text.lower() in ("true", "false"):
            return text is None or text.lower() == "true"
        raise FlagError(f"Couldn't interpret value {text} for flag {name}: true or false expected")
    if text is None:
        raise FlagError(f"flag {name} needs a value: --{name}=VALUE")
    try:
        return type(default)(text)
    except ValueError as error:
        kind = "a whole number" if isinstance(default, int) else "a number"
        raise FlagError(
            f"Couldn't interpret value {text} for flag {name}: {kind} expected"
        ) from error


def usage(program: str) -> str:
    """All flags with their types and defaults."""
    names = {bool: "bool", int: "int", float: "float", str: "string"}
    lines = [f"usage: {program}", "Flags:"]
    for name, default in sorted(_KNOWN.items()):
        shown = str(default).lower() if isinstance(default, bool) else repr(default)
        silent = "\taccepted, without effect here" if name in WITHOUT_EFFECT else ""
        lines.append(f"\t--{name}={shown}\t{names[type(default)]}{silent}")
    return "\n".join(lines)
