"""The program by which an init container copies one version from a bucket with several, and its
message about a version that is missing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from components.sources import copy_version
from tests.unit.components.sourced import S3, init_container, up


def initializer(tmp_path: Path, code: int = 0) -> str:
    """A substitute for KServe's initializer. It copies nothing, and exits with `code`."""
    entrypoint = tmp_path / "initializer-entrypoint"
    entrypoint.write_text(f"#!/bin/sh\nexit {code}\n")
    entrypoint.chmod(0o755)
    return str(entrypoint)


def copied(tmp_path: Path, leftovers: Sequence[str], code: int = 0) -> tuple[list[str], int]:
    """The files and the exit code of the init container's command, whose initializer leaves
    `leftovers` of version 3. Directories end with a slash."""
    target = tmp_path / "model"
    for name in leftovers:
        path = target / name
        (path if name.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
        if not name.endswith("/"):
            path.touch()
    command = init_container(up(S3))["command"]
    arguments = [initializer(tmp_path, code), "gs://bucket/models", str(target), "3"]
    done = subprocess.run(
        [sys.executable, *command[1:], *arguments], capture_output=True, text=True, check=False
    )
    files = sorted(str(path.relative_to(target)) for path in target.rglob("*"))
    return files, done.returncode


def test_no_empty_directory_of_another_version_is_left_to_be_taken_for_the_newest(
    tmp_path: Path,
) -> None:
    leftovers = ["3/saved_model.pb", "4/variables/", "5/", "config.pbtxt"]
    assert copied(tmp_path, leftovers) == (["3", "3/saved_model.pb", "config.pbtxt"], 0)


def test_a_copy_that_fails_halfway_fails(tmp_path: Path) -> None:
    assert copied(tmp_path, ["3/saved_model.pb"], code=2) == (["3", "3/saved_model.pb"], 2)


def ended_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: Sequence[str], code: int = 0
) -> str | int | None:
    """The exit code or message of a program that copies version 7 of a bucket with `names`."""
    monkeypatch.setattr(copy_version, "directories", lambda _: names)
    with pytest.raises(SystemExit) as end:
        target = tmp_path / "model"
        copy_version.main(initializer(tmp_path, code), "s3://bucket/m/", str(target), "7")
    return end.value.code


@pytest.mark.parametrize("code", [0, 1])
@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["1", "2", "10"], "it has 1, 2 and 10"),
        (["assets", "3"], "it has 3"),
        (["1a", "assets"], "it holds none: is the path right?"),
        ([], "it holds none: is the path right?"),
        (
            [str(number) for number in range(8, 40)],
            "of its 32 versions the newest are 30, 31, 32, 33, 34, 35, 36, 37, 38, 39",
        ),
    ],
)
def test_the_message_about_a_missing_version_lists_those_that_exist(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    names: Sequence[str],
    words: str,
    code: int,
) -> None:
    expected = f"s3://bucket/m has no version 7; {words}"
    assert ended_with(tmp_path, monkeypatch, names, code) == expected


def test_a_version_whose_files_are_empty_is_not_reported_as_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = "no file of version 7 in s3://bucket/m was copied: all are empty"
    assert ended_with(tmp_path, monkeypatch, ["7"]) == words


def test_without_a_listing_the_message_of_a_failed_copy_stands_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(address: str) -> list[str]:
        raise PermissionError("403")

    monkeypatch.setattr(copy_version, "directories", forbidden)
    for code, expected in (
        (3, 3),
        (0, "s3://bucket/m has no version 7; which it has cannot be listed: 403"),
    ):
        with pytest.raises(SystemExit) as end:
            target = str(tmp_path / "model")
            copy_version.main(initializer(tmp_path, code), "s3://bucket/m/", target, "7")
        assert end.value.code == expected
