"""A Pulumi project in a directory of its own, driven by the real `pulumi` command."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.engine.tools import tool

#: Seconds for one command; with two on two cores the slowest takes about 20.
TIMEOUT = 90
PASSPHRASE = "test"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Outcome:
    """What one run of `pulumi` printed, and its exit code."""

    code: int
    text: str

    def counts(self) -> dict[str, int]:
        """The closing summary: {"created": 2, "unchanged": 1, ...}."""
        tail = self.text.rpartition("Resources:")[2]
        return {word: int(n) for n, word in re.findall(r"(\d+) (\w+)$", tail, re.MULTILINE)}

    def diagnostics(self) -> str:
        """Errors and warnings; the engine prints them while it runs too, and once more here."""
        return self.text.partition("Diagnostics:")[2].partition("\nResources:")[0]


class Project:
    """A stack of a project under `directory`, whose state lies there too. `home` is a PULUMI_HOME
    with the plugins; the program runs with the interpreter that runs the tests."""

    timeout = TIMEOUT

    def __init__(
        self, directory: Path, home: Path, kubeconfig: Path | None = None, stack: str = "dev"
    ) -> None:
        self.directory, self.home, self.stack = directory, home, stack
        self._state = directory / ".state"
        self._state.mkdir(parents=True)
        self.environment = {
            **self.engine(home),
            "PULUMI_BACKEND_URL": f"file://{self._state}",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "KUBECONFIG": str(kubeconfig or directory / "no-kubeconfig"),
        }
        (directory / ".venv").symlink_to(Path(sys.prefix))

    def engine(self, home: Path) -> dict[str, str]:
        """The environment of an engine that has the plugins in `home`."""
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")},
            "PULUMI_HOME": str(home),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }

    def command(self, *arguments: str) -> list[str]:
        return [tool("pulumi"), *arguments, "--non-interactive"]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """`pulumi <arguments>`, running in a process group of its own; whoever starts it waits for
        it or kills it."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.directory,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def pulumi(self, *arguments: str, check: bool = True) -> Outcome:
        """Runs `pulumi <arguments>`; raises AssertionError with its output when `check` fails."""
        running = self.start(*arguments)
        try:
            text, _ = running.communicate(timeout=self.timeout)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)  # a plugin would keep the pipe open
            text, _ = running.communicate()
            raise AssertionError(
                f"`pulumi {arguments[0]}` took over {self.timeout} s: {text}"
            ) from None
        outcome = Outcome(running.returncode, _COLOUR.sub("", text))
        assert not check or outcome.code == 0, outcome.text
        return outcome

    def preview(self, *arguments: str, check: bool = True) -> Outcome:
        return self.pulumi("preview", *arguments, check=check)

    def up(self, *arguments: str, check: bool = True) -> Outcome:
        return self.pulumi("up", "--yes", "--skip-preview", *arguments, check=check)

    def refresh(self, *arguments: str, check: bool = True) -> Outcome:
        return self.pulumi("refresh", "--yes", "--skip-preview", *arguments, check=check)

    def destroy(self) -> Outcome:
        return self.pulumi("destroy", "--yes", "--skip-preview")

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs, secrets in the clear."""
        text = self.pulumi("stack", "output", "--json", "--show-secrets").text
        return dict(json.loads(text[text.index("{") :]))

    def state_text(self) -> str:
        """The state as it lies on disk."""
        (path,) = self._state.rglob(f"stacks/**/{self.stack}.json")
        return path.read_text()

    def resources(self) -> list[dict[str, Any]]:
        """Every resource in the state but the stack itself."""
        latest = json.loads(self.state_text())["checkpoint"].get("latest") or {}
        found = latest.get("resources") or []
        return [each for each in found if each["type"] != "pulumi:pulumi:Stack"]
