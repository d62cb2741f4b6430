"""A copy of the program in a directory of its own, with a stack file that a test writes."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from local.paths import PASSPHRASE, STACK
from tests.engine.project import Project

ROOT = Path(__file__).resolve().parents[3]
_FILES = ("Pulumi.yaml", "Pulumi.dev.yaml", "__main__.py")


class Program(Project):
    """A stack of Slipway. `write` sets its stack file. A stack `dev` that is never written has the
    committed one."""

    def __init__(
        self, directory: Path, home: Path, kubeconfig: Path | None = None, stack: str = "test"
    ) -> None:
        super().__init__(directory, home, kubeconfig, stack)
        if stack == STACK:  # its salt is committed, and belongs to this passphrase
            self.environment["PULUMI_CONFIG_PASSPHRASE"] = PASSPHRASE
        for name in _FILES:
            shutil.copy2(ROOT / name, directory / name)
        for name in ("components", "why"):
            shutil.copytree(ROOT / name, directory / name)

    def init(self) -> None:
        self.pulumi("stack", "init", self.stack)

    @property
    def stack_file(self) -> Path:
        return self.directory / f"Pulumi.{self.stack}.yaml"

    def write(self, config: Mapping[str, Any]) -> None:
        """Set the stack's configuration to `config`, whose keys without a namespace belong to
        `slipway:`. Pulumi's own keys in the file stay."""
        document = yaml.safe_load(self.stack_file.read_text()) if self.stack_file.exists() else {}
        document = document or {}
        document["config"] = {
            key if ":" in key else f"slipway:{key}": value for key, value in config.items()
        }
        self.stack_file.write_text(yaml.safe_dump(document, sort_keys=False))

    def change(self, **config: Any) -> None:
        """Change keys of the stack's configuration, without their prefix `slipway:`."""
        self.write(
            yaml.safe_load(self.stack_file.read_text())["config"]
            | {f"slipway:{key}": value for key, value in config.items()}
        )
