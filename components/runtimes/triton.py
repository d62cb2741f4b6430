"""`Triton`: models behind NVIDIA's Triton Inference Server."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from components.config.durations import duration, seconds
from components.config.environment import Value, variable
from components.config.model_options import ModelOptions
from components.config.options import example, mistake
from components.config.quantities import Bytes, byte_count
from components.config.versions import VersionPolicy, Versions
from components.contracts import ModelFiles
from components.kubernetes_object import Fields
from components.protocols import OPEN_INFERENCE_V2
from components.runtimes import triton_settings
from components.runtimes.server import (
    CONFIGURATION,
    MEMORY_PER_JSON_BYTE,
    ModelServer,
    Program,
    default_memory,
)
from components.runtimes.triton_flags import FLAGS, VARIABLES
from components.runtimes.triton_model_config import BatchingOptions, WarmUpOptions, config_text

TRITON_IMAGE = "nvcr.io/nvidia/tritonserver:26.06-py3"
REST_PORT, GRPC_PORT = 8000, 8001
#: What the server and small models take, besides shared memory and the requests.
_BASE_MEMORY = 256 * 2**20
_REPOSITORY = "/models"
_SETTINGS, _PROGRAM = "/settings", "settings.py"
#: `--http-max-input-size`, where it is not given. Servers before 25.06 do not know it, and take any
#: size; over gRPC all do.
_LARGEST_REST_REQUEST = 64 * 2**20
#: What is kept from callers that come past the gateway, unless they name the pod's own id: with
#: it are those who may read the cluster's pods.
_RESTRICTED, _HEADER, _ID = "shared-memory,trace,logging", "slipway-pod", "POD_ID"
#: Otherwise the server logs errors of a GPU that nobody asked for.
_WITHOUT_GPU = ("--allow-gpu-metrics=false", "--pinned-memory-pool-byte-size=0")


class TritonOptions(ModelOptions):
    """NVIDIA's Triton Inference Server: gRPC, REST, and REST with raw tensors."""

    model_config = example(runtime="triton")
    of_one_model: ClassVar[frozenset[str]] = ModelOptions.of_one_model | {
        "versions",
        "batching",
        "warm_up",
    }
    memory_per_message_byte: ClassVar[int] = MEMORY_PER_JSON_BYTE

    runtime: Literal["triton"]
    arguments: tuple[Annotated[str, *FLAGS.validator()], ...] = Field(default=(), strict=False)
    """Flags of `tritonserver`, such as `--model-load-thread-count=4`, beside those that the
    program sets. `$(NAME)` stands for a variable of `environment`"""
    environment: dict[Annotated[str, *variable(VARIABLES)], Value] = Field(default_factory=dict)
    """Variables of the server's environment, such as `LD_PRELOAD`: text, or `{secret: name}` for a
    value of `slipway:secrets`"""
    versions: VersionPolicy | None = None
    """Which versions are loaded: `{latest: n}` the n newest, `{specific: [1, 2]}` those, `all`
    every one. Left out, what the model's `config.pbtxt` says, or the newest where it says nothing.
    Calls that name no version go to the newest that is loaded"""
    batching: BatchingOptions | None = None
    """Left out, what the model's `config.pbtxt` says"""
    warm_up: WarmUpOptions | None = None
    """Left out, what the model's `config.pbtxt` says"""
    model_control_mode: Literal["poll", "explicit"] = "poll"
    """`poll`: a new version's directory is picked up while the server runs, and a version that
    fails to load leaves the last one serving. `explicit`: nothing changes until `python -m client
    load-version` says so; a pod that starts anew loads what `versions` says"""
    repository_poll: Annotated[str, *duration("1s", "1h")] = "15s"
    """How often the server looks for new versions, from 1s to 1h. A longer wait is kind to a
    network volume"""
    streaming: bool = False
    """Whether clients may call `ModelStreamInfer`, as decoupled models need it over gRPC. Behind
    Traefik `limits.message_size` does not hold on it: whoever reaches the gateway can send a
    message of 2 GiB, and the server's memory limit ends the server. REST's `generate_stream` is
    limited and needs no such option"""
    shared_memory: Bytes = "256Mi"
    """The most that `/dev/shm` holds, through which tensors go between the server and models of
    the Python backend; it counts as memory of the pod. Several times the largest call"""

    def server_image(self) -> str:
        return self.image or TRITON_IMAGE

    @field_validator("model_control_mode")
    @classmethod
    def _controlled_from_inside(cls, value: str, info: ValidationInfo) -> str:
        if value == "explicit" and info.data.get("expose"):
            raise mistake(
                "`poll` beside `expose`: whoever reaches the load balancer could load and unload "
                "models",
                "take `model_control_mode` out, or take `expose` out",
            )
        return value

    @field_validator("versions")
    @classmethod
    def _numbers(cls, value: Versions | None) -> Versions | None:
        if value is not None and 0 in value.specific:
            others = [number for number in value.specific if number]
            fix = f"write `{{specific: {others}}}`" if others else "write `{latest: 1}`"
            raise mistake("versions from 1 on: Triton ignores directories that begin with 0", fix)
        return value


class Triton(ModelServer):
    """All models of a server are one repository, a directory each. The server opens its ports when
    all of them are loaded, and ends when one cannot be. From then on it is ready whatever becomes
    of a model: by `--strict-readiness` a new version that is broken would take all models away."""

    kind = "triton"
    options = TritonOptions

    def program(self, files: Mapping[str, ModelFiles]) -> Program:
        options, limits = self.args.options, self.args.limits
        assert isinstance(options, TritonOptions)
        health: Fields = {"grpc": {"port": GRPC_PORT}}
        settings = {
            model.name: text for model in self.args.models if (text := _settings(model.options))
        }
        return Program(
            # The image's entry point finds the driver's libraries and runs its arguments.
            command=None,
            arguments=[
                "tritonserver",
                f"--model-repository={_REPOSITORY}",
                f"--http-port={REST_PORT}",
                f"--grpc-port={GRPC_PORT}",
                *_control(options, list(files)),
                *_restricted(options),
                "--strict-readiness=false",
                # Calls that have begun are finished.
                f"--exit-timeout-secs={seconds(limits.deadline)}",
                # The last lines of a server that gives up say why, not all of its options.
                "--log-info=false",
                *([] if options.accelerator else _WITHOUT_GPU),
                *_message_size(byte_count(limits.message_size)),
            ],
            environment_from={_ID: {"fieldRef": {"fieldPath": "metadata.uid"}}},
            configuration=_configuration(settings),
            prepare=[self._settings_container(settings, files)] if settings else [],
            protocol=OPEN_INFERENCE_V2,
            grpc_port=GRPC_PORT,
            rest_port=REST_PORT,
            streaming=options.streaming,
            startup_probe=health,
            readiness_probe=health,
            liveness_probe={"httpGet": {"path": "/v2/health/live", "port": "rest"}},
            cpu=("100m", "2"),
            memory=default_memory(limits, _BASE_MEMORY + byte_count(options.shared_memory)),
            volumes=[
                {
                    "name": "shared-memory",
                    "emptyDir": {"medium": "Memory", "sizeLimit": options.shared_memory},
                },
                *([{"name": "settings", "emptyDir": {"sizeLimit": "1Mi"}}] if settings else []),
            ],
            mounts=[
                {"name": "shared-memory", "mountPath": "/dev/shm"},
                *(
                    {
                        "name": "settings",
                        "mountPath": f"{_REPOSITORY}/{model}/config.pbtxt",
                        "subPath": f"{model}.pbtxt",
                        "readOnly": True,
                    }
                    for model in settings
                ),
            ],
        )

    def directory(self, model: str) -> str:
        return f"{_REPOSITORY}/{model}"

    def _settings_container(
        self, settings: Mapping[str, str], files: Mapping[str, ModelFiles]
    ) -> Fields:
        arguments = [f"{CONFIGURATION}/{_PROGRAM}", _REPOSITORY, CONFIGURATION, _SETTINGS]
        return {
            "name": "settings",
            "image": self.args.images.resolve(self.args.options.server_image()),
            "command": ["python3", *arguments, *settings],
            "volumeMounts": [
                *(mount for model in settings for mount in files[model].mounts),
                {"name": "config", "mountPath": CONFIGURATION, "readOnly": True},
                {"name": "settings", "mountPath": _SETTINGS},
            ],
        }


def _control(options: TritonOptions, models: list[str]) -> list[str]:
    if options.model_control_mode == "explicit":
        return ["--model-control-mode=explicit", *(f"--load-model={model}" for model in models)]
    return [
        "--model-control-mode=poll",
        f"--repository-poll-secs={seconds(options.repository_poll)}",
    ]


def _restricted(options: TritonOptions) -> list[str]:
    apis = _RESTRICTED
    if options.model_control_mode != "explicit":  # there `load-version` needs the repository
        apis += ",model-repository"
    flags = ("--grpc-restricted-protocol", "--http-restricted-api")
    return [f"{flag}={apis}:{_HEADER}=$({_ID})" for flag in flags]


def _message_size(size: int) -> list[str]:
    return [f"--http-max-input-size={size}"] if size > _LARGEST_REST_REQUEST else []


def _configuration(settings: Mapping[str, str]) -> dict[str, str]:
    if not settings:
        return {}
    program = Path(triton_settings.__file__).read_text()
    return {_PROGRAM: program, **{f"{model}.pbtxt": text for model, text in settings.items()}}


def _settings(options: ModelOptions) -> str:
    assert isinstance(options, TritonOptions)
    return config_text(options.versions, options.batching, options.warm_up)
