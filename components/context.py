"""`StackContext`: what all parts of a stack share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.config.stack_config import StackConfig
from components.images import Images


@dataclass(frozen=True, kw_only=True)
class StackContext:
    """`secrets` are the values of `slipway:secrets`, by name."""

    config: StackConfig
    images: Images
    secrets: Mapping[str, pulumi.Output[str]]

    @classmethod
    def of(cls, config: StackConfig) -> StackContext:
        """The context of the stack that `config` describes."""
        secrets = {
            name: pulumi.Output.secret(value.get_secret_value())
            for name, value in config.secrets.items()
        }
        return cls(config=config, images=Images.of(config.images, secrets), secrets=secrets)
