"""The model server configuration, read from its text file and checked as by the real server."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

from google.protobuf import text_format

from .errors import failed_precondition, invalid, not_found
from .flags import Options
from .messages import ModelServerConfig

PLATFORM = "tensorflow"


def read(options: Options) -> Any:
    """The ModelServerConfig that the flags name. Raises ServingError."""
    if options.model_config_file:
        path = Path(options.model_config_file)
        try:
            text = path.read_text()
        except OSError as error:
            raise not_found(f"{path}; {error.strerror}") from error
        try:
            return text_format.Parse(text, ModelServerConfig())
        except text_format.ParseError as error:
            raise invalid(f"Invalid protobuf file: '{path}': {error}") from error
    config = ModelServerConfig()
    config.model_config_list.config.add(
        name=options.model_name, base_path=options.model_base_path, model_platform=PLATFORM
    )
    return config


def validate(config: Any, old: Any) -> None:
    """Raise ServingError if `config` is invalid, or cannot replace `old`."""
    if config.WhichOneof("config") != "model_config_list":
        raise failed_precondition(
            "Cannot transition to requested config. It is only legal to transition from one "
            "ModelConfigList to another."
        )
    names: set[str] = set()
    for model in config.model_config_list.config:
        if model.name in names:
            raise invalid(f"Illegal to list model {model.name} multiple times in config list")
        names.add(model.name)
        if not PurePosixPath(model.base_path).is_absolute():
            raise invalid(
                f"Expected model {model.name} to have an absolute path or URI; "
                f"got base_path()={model.base_path}"
            )
    before = {model.name: _platform(model) for model in old.model_config_list.config}
    for model in config.model_config_list.config:
        platform = _platform(model)
        if before.get(model.name, platform) != platform:
            raise invalid(
                f"Illegal to change a model's platform. For model {model.name} platform was "
                f"{before[model.name]} and new platform requested is {platform}"
            )
        if platform != PLATFORM:
            raise invalid(f"Model {model.name} requests unsupported platform {platform}")


def _platform(model: Any) -> str:
    if model.model_type and model.model_platform:
        raise invalid(
            "Illegal setting both ModelServerConfig::model_type (deprecated) and "
            f"ModelServerConfig::model_platform, model name is {model.name}"
        )
    if model.model_type == 1:  # ModelType.TENSORFLOW, deprecated in favour of the platform
        return PLATFORM
    if not model.model_platform:
        raise invalid(
            "Illegal setting neither ModelServerConfig::model_type (deprecated) nor "
            f"ModelServerConfig::model_platform, model name is {model.name}"
        )
    return str(model.model_platform)
