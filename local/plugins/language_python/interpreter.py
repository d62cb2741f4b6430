"""Finds the Python that runs a project, by the runtime options of its Pulumi.yaml."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class NoInterpreter(Exception):
    """The project's Python does not exist; the message names it and how to install it."""


@dataclass(frozen=True)
class Interpreter:
    """A Python executable and its virtualenv, if it has one."""

    executable: str
    virtualenv: Path | None = None

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """This process's environment, overridden by `extra`, with the virtualenv activated."""
        environment = {**os.environ, **(extra or {})}
        if self.virtualenv is not None:
            environment["VIRTUAL_ENV"] = str(self.virtualenv)
            environment["PATH"] = f"{self.virtualenv / 'bin'}:{environment.get('PATH', '')}"
            environment.pop("PYTHONHOME", None)
        return environment


def virtualenv_path(root: str, options: Mapping[str, Any]) -> Path | None:
    """The virtualenv of the project at `root`; None if its options name none.

    The toolchain `uv` defaults to `.venv`, as with the official host.
    """
    name = options.get("virtualenv") or (".venv" if options.get("toolchain") == "uv" else "")
    return Path(root, name).absolute() if name else None


def resolve(root: str, options: Mapping[str, Any]) -> Interpreter:
    """The interpreter of the project at `root`. Raises NoInterpreter if it does not exist."""
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
