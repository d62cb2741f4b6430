"""A project whose program each test writes."""

from __future__ import annotations

from pathlib import Path

from tests.engine.project import Project

_PREAMBLE = """\
import pulumi
from pulumi import CustomTimeouts, Output, ResourceOptions
"""


class Workbench(Project):
    """A stack `dev` with an empty program."""

    def __init__(self, directory: Path, home: Path, kubeconfig: Path | None = None) -> None:
        super().__init__(directory, home, kubeconfig)
        (directory / "Pulumi.yaml").write_text(
            "name: bench\nruntime: {name: python, options: {virtualenv: .venv}}\n"
        )
        self.program("")
        self.pulumi("stack", "init", "dev")

    def program(self, text: str) -> None:
        """Replaces the program; `pulumi` and the usual options are imported already."""
        (self.directory / "__main__.py").write_text(_PREAMBLE + text)
