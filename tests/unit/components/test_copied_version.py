"""What a pod has of a bucket that holds several versions, by the program that its init container
runs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from components.sources.object_store import COPY_VERSION


def copy_version(tmp_path: Path, made: Sequence[str], code: int = 0) -> tuple[list[str], str]:
    """What is there after version 3 was copied by something that leaves `made`, directories by
    their last slash; and what was said, empty where it went well."""
    target, entrypoint = tmp_path / "model", tmp_path / "initializer-entrypoint"
    for name in made:
        path = target / name
        (path if name.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
        if not name.endswith("/"):
            path.touch()
    entrypoint.write_text(f"#!/bin/sh\nexit {code}\n")
    entrypoint.chmod(0o755)
    said = ["gs://bucket/models", str(target), "3"]
    done = subprocess.run(
        [sys.executable, "-c", COPY_VERSION, str(entrypoint), *said],
        capture_output=True,
        text=True,
        check=False,
    )
    assert bool(done.returncode) == bool(code or done.stderr)
    left = sorted(str(path.relative_to(target)) for path in target.rglob("*"))
    return left, done.stderr.strip()


def test_no_empty_directory_of_another_version_is_left_to_be_taken_for_the_newest(
    tmp_path: Path,
) -> None:
    made = ["3/saved_model.pb", "4/variables/", "5/", "config.pbtxt"]
    assert copy_version(tmp_path, made) == (["3", "3/saved_model.pb", "config.pbtxt"], "")


def test_a_version_that_is_not_there_is_named(tmp_path: Path) -> None:
    _, said = copy_version(tmp_path, ["3/", "config.pbtxt"])
    assert said == "gs://bucket/models has no version 3"


def test_a_copy_that_fails_says_why_by_itself(tmp_path: Path) -> None:
    assert copy_version(tmp_path, ["3/"], code=1) == ([], "")
