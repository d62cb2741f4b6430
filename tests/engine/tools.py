"""The programs that the tests of this layer run."""

from __future__ import annotations

import shutil


class MissingTool(Exception):
    """A program that the tests need is not there; the message says which and how to get it."""


def tool(name: str) -> str:
    """The path of the program `name`. Raises MissingTool when it is not on PATH."""
    found = shutil.which(name)
    if found is None:
        raise MissingTool(f"{name} is not on PATH: `python3 -m local test engine` puts it there")
    return found
