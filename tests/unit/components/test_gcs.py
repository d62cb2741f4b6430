"""What is particular to models out of Google Cloud Storage."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.unit.components.test_sources import GCS, pod, up


def containers(**source: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pod(up({**GCS, **source}))["initContainers"]
    return found


def test_directories_of_versions_that_are_not_copied_are_taken_away(tmp_path: Path) -> None:
    fetch, tidy = containers()
    python, *arguments, target = tidy["command"]
    assert python == "python3"
    assert target == fetch["args"][-1]
    assert tidy["image"] == fetch["image"]
    files = tmp_path / "files"
    for version in ("1", "2/variables", "3/variables"):
        (files / version).mkdir(parents=True)
    (files / "1" / "model").touch()
    (files / "3" / "variables" / "index").touch()
    subprocess.run([sys.executable, *arguments, str(files)], check=True)
    assert sorted(path.name for path in files.iterdir()) == ["1", "3"]
    assert (files / "3" / "variables" / "index").exists()


def test_what_takes_them_away_sees_no_key() -> None:
    _, tidy = containers()
    assert [mount["name"] for mount in tidy["volumeMounts"]] == ["files-half-plus-two", "tmp"]


def test_nothing_is_taken_away_where_all_versions_are_copied() -> None:
    assert [each["name"] for each in containers(version=None)] == ["fetch-half-plus-two"]
