"""`Triton`: models behind NVIDIA's Triton Inference Server."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from components.config.durations import seconds
from components.config.model_options import ModelOptions
from components.config.quantities import byte_count
from components.contracts.source import ModelFiles
from components.kubernetes.object import Fields
from components.protocols import OPEN_INFERENCE_V2
from components.runtimes import triton_settings
from components.runtimes.deployment import DeploymentRuntime
from components.runtimes.json_memory import default_memory
from components.runtimes.server_spec import CONFIGURATION, ServerSpec
from components.runtimes.triton_model_config import config_text
from components.runtimes.triton_options import TritonOptions

REST_PORT, GRPC_PORT = 8000, 8001
#: Bytes of memory that the server and small models take, besides shared memory and requests.
_BASE_MEMORY = 256 * 2**20
_REPOSITORY = "/models"
_SETTINGS, _PROGRAM = "/settings", "settings.py"
#: The default of `--http-max-input-size`. Servers before 25.06 do not have that flag and accept
#: requests of any size. Over gRPC all servers accept any size.
_LARGEST_REST_REQUEST = 64 * 2**20
#: APIs that are closed to callers that bypass the gateway. They are open to calls with the pod's
#: UID in the header, which is known to those who may read the cluster's pods.
_RESTRICTED, _HEADER, _ID = "shared-memory,trace,logging", "slipway-pod", "POD_ID"
#: Without these the server logs errors about a GPU that the model does not use.
_WITHOUT_GPU = ("--allow-gpu-metrics=false", "--pinned-memory-pool-byte-size=0")


class Triton(DeploymentRuntime):
    """The models of a server are one repository, with a directory for each. The server opens its
    ports once all of them are loaded, and ends if one cannot be loaded. From then on it stays ready
    even if a model fails. With `--strict-readiness` a broken new version would make all models of
    the server unavailable."""

    kind = "triton"

    def program(self, files: Mapping[str, ModelFiles]) -> ServerSpec:
        options, limits = self.args.options, self.args.limits
        assert isinstance(options, TritonOptions)
        health: Fields = {"grpc": {"port": GRPC_PORT}}
        settings = {
            model.name: text for model in self.args.models if (text := _settings(model.options))
        }
        return ServerSpec(
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
                # Running calls are finished first.
                f"--exit-timeout-secs={seconds(limits.deadline)}",
                # With info messages the log of a server that gives up would end with all of its
                # options instead of the reason.
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
    if options.model_control_mode != "explicit":  # `load-version` calls it
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
