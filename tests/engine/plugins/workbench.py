"""One Pulumi project in a directory of its own, driven by the real `pulumi` command."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.engine.apiserver import tool

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_PREAMBLE = """\
import pulumi
from pulumi import CustomTimeouts, Output, ResourceOptions
"""


@dataclass
class Outcome:
    """What one run of `pulumi` printed, and its exit code."""

    code: int
    text: str

    def counts(self) -> dict[str, int]:
        """The closing summary: {"created": 2, "unchanged": 1, ...}."""
        tail = self.text.rpartition("Resources:")[2]
        return {word: int(n) for n, word in re.findall(r"(\d+) (\w+)$", tail, re.MULTILINE)}


class Workbench:
    """A stack `dev` of a project whose program each test writes."""

    def __init__(self, directory: Path, environment: dict[str, str]) -> None:
        self.directory = directory
        self.environment = environment
        directory.mkdir(parents=True, exist_ok=True)
        (directory / ".venv").symlink_to(Path(sys.prefix))
        (directory / "Pulumi.yaml").write_text(
            "name: bench\nruntime: {name: python, options: {virtualenv: .venv}}\n"
        )
        self.program("")
        self.pulumi("stack", "init", "dev")

    def program(self, text: str) -> None:
        """Replaces the program; `pulumi` and the usual options are imported already."""
        (self.directory / "__main__.py").write_text(_PREAMBLE + text)

    def pulumi(self, *arguments: str, check: bool = True) -> Outcome:
        """Runs `pulumi <arguments>`; raises AssertionError with its output when `check` fails."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.directory,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=240,
        )
        outcome = Outcome(done.returncode, _COLOUR.sub("", done.stdout))
        assert not check or outcome.code == 0, outcome.text
        return outcome

    def command(self, *arguments: str) -> list[str]:
        return [tool("pulumi"), *arguments, "--non-interactive"]

    def up(self, *arguments: str, check: bool = True) -> Outcome:
        return self.pulumi("up", "--yes", "--skip-preview", *arguments, check=check)

    def destroy(self) -> Outcome:
        return self.pulumi("destroy", "--yes", "--skip-preview")

    def outputs(self) -> dict[str, Any]:
        text = self.pulumi("stack", "output", "--json", "--show-secrets").text
        return dict(json.loads(text[text.index("{") :]))

    def state_text(self) -> str:
        """The state as it lies on disk."""
        (path,) = (self.directory / ".state").rglob("stacks/**/dev.json")
        return path.read_text()


def environment(directory: Path, kubeconfig: Path | None, home: Path, path: Path) -> dict[str, str]:
    """The variables for `pulumi` with a state of its own under `directory`."""
    state = directory / ".state"
    state.mkdir(parents=True)
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")},
        "PATH": os.pathsep.join(
            [str(path), *filter(None, [os.environ.get("SLIPWAY_TOOLS")]), os.environ["PATH"]]
        ),
        "PULUMI_HOME": str(home),
        "PULUMI_BACKEND_URL": f"file://{state}",
        "PULUMI_CONFIG_PASSPHRASE": "test",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "KUBECONFIG": str(kubeconfig) if kubeconfig else str(directory / "none"),
    }


def has_language_host(pulumi: str) -> bool:
    """Whether the command came with its language host (the official download does)."""
    name = "pulumi-language-python"
    return Path(pulumi).resolve().with_name(name).exists() or shutil.which(name) is not None
