"""Options of models behind TensorFlow Serving."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from components.config.durations import duration
from components.config.environment import Value, variable
from components.config.model_options import ModelOptions
from components.config.options import example, likely, listed, mistake
from components.config.versions import Version, VersionPolicy, Versions
from components.runtimes.json_memory import MEMORY_PER_JSON_BYTE
from components.runtimes.tfserving_batching import BatchingOptions
from components.runtimes.tfserving_flags import FLAGS, VARIABLES

TFSERVING_IMAGE = "tensorflow/serving:2.19.1"
TFSERVING_GPU_IMAGE = f"{TFSERVING_IMAGE}-gpu"
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
    """Flags of `tensorflow_model_server`, such as `--num_load_threads=4`, in addition to those
    that the program sets. `$(NAME)` stands for a variable of `environment`"""
    environment: dict[Annotated[str, *variable(VARIABLES)], Value] = Field(default_factory=dict)
    """Variables of the server's environment, such as `TF_NUM_INTRAOP_THREADS`: text, or
    `{secret: name}` for a value of `slipway:secrets`"""
    versions: VersionPolicy = Versions(latest=1)
    """Which versions are loaded: `{latest: n}` the n newest, `{specific: [1, 2]}` those, `all`
    every one. Calls that name no version go to the newest loaded one. The server loads a new
    directory while it runs, and unloads a version that the policy no longer covers once another
    one serves. Each version needs memory of its own. During a change the old and the new version
    are both in memory"""
    labels: dict[Annotated[str, AfterValidator(_label)], Version] = Field(default_factory=dict)
    """Names of versions, such as `{stable: 1, canary: 2}`, that calls can use instead of numbers.
    The versions have to be among `versions`. Calls with a label fail while its version is not
    loaded"""
    batching: BatchingOptions | None = None
    """Left out, each request is computed by itself"""
    file_system_poll_wait: Annotated[str, *duration("1s", "1h")] = "1s"
    """How often the server looks for new versions, from 1s to 1h. A longer wait puts less load on
    a network volume"""
    num_request_iterations_for_warmup: Annotated[int, Field(ge=1, le=1000)] = 1
    """How often the server runs each request in a version's
    `assets.extra/tf_serving_warmup_requests` before that version serves. Without the file it runs
    none"""

    def server_image(self) -> str:
        return self.image or (TFSERVING_GPU_IMAGE if self.accelerator else TFSERVING_IMAGE)

    @field_validator("labels")
    @classmethod
    def _name_kept_versions(cls, value: dict[str, int], info: ValidationInfo) -> dict[str, int]:
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
