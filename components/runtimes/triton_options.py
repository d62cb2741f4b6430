"""Options of models behind NVIDIA's Triton Inference Server."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from components.config.durations import duration
from components.config.environment import Value, variable
from components.config.model_options import ModelOptions
from components.config.options import example, mistake
from components.config.quantities import Bytes
from components.config.versions import VersionPolicy, Versions
from components.runtimes.json_memory import MEMORY_PER_JSON_BYTE
from components.runtimes.triton_flags import FLAGS, VARIABLES
from components.runtimes.triton_model_config import BatchingOptions, WarmUpOptions

TRITON_IMAGE = "nvcr.io/nvidia/tritonserver:26.06-py3"


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
    """Flags of `tritonserver`, such as `--model-load-thread-count=4`, in addition to
    those that the program sets. `$(NAME)` stands for a variable of `environment`"""
    environment: dict[Annotated[str, *variable(VARIABLES)], Value] = Field(default_factory=dict)
    """Variables of the server's environment, such as `LD_PRELOAD`: text, or `{secret: name}` for a
    value of `slipway:secrets`"""
    versions: VersionPolicy | None = None
    """Which versions are loaded: `{latest: n}` the n newest, `{specific: [1, 2]}` those, `all`
    every one. Left out, the policy in the model's `config.pbtxt` applies, or without one the
    newest version is loaded. Calls that name no version go to the newest loaded one"""
    batching: BatchingOptions | None = None
    """Left out, the model's `config.pbtxt` decides"""
    warm_up: WarmUpOptions | None = None
    """Left out, the model's `config.pbtxt` decides"""
    model_control_mode: Literal["poll", "explicit"] = "poll"
    """`poll`: the server loads a new version's directory while it runs. If that fails, the last
    version keeps serving. `explicit`: nothing changes until `python -m client load-version` is run.
    A new pod loads the versions of `versions`"""
    repository_poll: Annotated[str, *duration("1s", "1h")] = "15s"
    """How often the server looks for new versions, from 1s to 1h. A longer wait puts less load on
    a network volume"""
    streaming: bool = False
    """Whether clients may call `ModelStreamInfer`, which decoupled models need over gRPC. Behind
    Traefik, `limits.message_size` does not apply to it: whoever reaches the gateway can send a
    message of 2 GiB, and the server is then killed at its memory limit. The limit applies to REST's
    `generate_stream`, which needs no such option"""
    shared_memory: Bytes = "256Mi"
    """The size of `/dev/shm`, which passes tensors between the server and models of the Python
    backend. It counts as memory of the pod. It should be several times the largest call"""

    def server_image(self) -> str:
        return self.image or TRITON_IMAGE

    @field_validator("model_control_mode")
    @classmethod
    def _explicit_without_expose(cls, value: str, info: ValidationInfo) -> str:
        if value == "explicit" and info.data.get("expose"):
            raise mistake(
                "`poll` beside `expose`: whoever reaches the load balancer could load and unload "
                "models",
                "take `model_control_mode` out, or take `expose` out",
            )
        return value

    @field_validator("versions")
    @classmethod
    def _versions_from_1(cls, value: Versions | None) -> Versions | None:
        if value is not None and 0 in value.specific:
            others = [number for number in value.specific if number]
            fix = f"write `{{specific: {others}}}`" if others else "write `{latest: 1}`"
            raise mistake("versions from 1 on: Triton ignores directories that begin with 0", fix)
        return value
