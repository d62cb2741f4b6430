"""Which Python runs a project, by the runtime options of its Pulumi.yaml."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class NoInterpreter(Exception):
    """The project's Python is not there; the message says which and how to make it."""


@dataclass(frozen=True)
class Interpreter:
    """A Python executable and the environment variables of the virtualenv it belongs to."""

    executable: str
    virtualenv: Path | None = None

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """This process's environment with the virtualenv activated and `extra` laid over it."""
        environment = {**os.environ, **(extra or {})}
        if self.virtualenv is not None:
            environment["VIRTUAL_ENV"] = str(self.virtualenv)
            environment["PATH"] = f"{self.virtualenv / 'bin'}:{environment.get('PATH', '')}"
            environment.pop("PYTHONHOME", None)
        return environment


def virtualenv_path(root: str, options: Mapping[str, Any]) -> Path | None:
    """Where the project at `root` keeps its virtualenv; None when it names none.

    The toolchain `uv` has `.venv` unless told otherwise, as with the official host.
    """
    name = options.get("virtualenv") or (".venv" if options.get("toolchain") == "uv" else "")
    return Path(root, name).absolute() if name else None


def resolve(root: str, options: Mapping[str, Any]) -> Interpreter:
    """The interpreter for the project at `root`; raises NoInterpreter when it is missing."""
    virtualenv = virtualenv_path(root, options)
    if virtualenv is not None:
        executable = virtualenv / "bin" / "python"
        if not executable.exists():
            raise NoInterpreter(
                f"Pulumi.yaml: runtime.options.virtualenv names {virtualenv}, which has no "
                "bin/python: make it with `pulumi install`"
            )
        return Interpreter(str(executable), virtualenv)
    for name in ("python3", "python"):
        if found := shutil.which(name):
            return Interpreter(found)
    raise NoInterpreter("neither python3 nor python is on PATH: install Python 3.11 or newer")
