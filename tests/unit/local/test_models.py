"""Copying `models/` into the volume that model servers read."""

from __future__ import annotations

from pathlib import Path

import pytest

from local import dev_stack
from local.paths import Clone


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clone:
    monkeypatch.setattr(dev_stack, "volume_directory", lambda *_: tmp_path / "volume")
    version = tmp_path / "clone" / "models" / "one" / "1"
    version.mkdir(parents=True)
    (version / "a").write_text("a")
    (version / "b").write_text("b")
    return Clone(tmp_path / "clone")


def files(volume: Path) -> dict[str, str]:
    return {
        path.relative_to(volume).as_posix(): path.read_text()
        for path in volume.rglob("*")
        if path.is_file()
    }


def test_a_version_appears_with_all_its_files_or_not_at_all(
    clone: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    volume = tmp_path / "volume"
    seen: list[dict[str, str]] = []
    copy = dev_stack.shutil.copyfile

    def watched(source: Path, target: Path, **options: bool) -> None:
        copy(source, target, **options)
        seen.append({name: text for name, text in files(volume).items() if name[0] != "."})

    dev_stack.copy_models(clone)
    (clone.models / "one" / "2").mkdir()
    for name in ("a", "b"):
        (clone.models / "one" / "2" / name).write_text(name)
    monkeypatch.setattr(dev_stack.shutil, "copyfile", watched)
    monkeypatch.setattr(
        dev_stack.shutil.copytree, "__defaults__", (False, None, watched, False, False)
    )
    dev_stack.copy_models(clone)
    assert len(seen) == 2
    assert all(not any(name.startswith("one/2/") for name in each) for each in seen)
    assert set(files(volume)) == {"one/1/a", "one/1/b", "one/2/a", "one/2/b"}


def test_what_differs_is_replaced_and_what_was_added_stays(clone: Clone, tmp_path: Path) -> None:
    volume = tmp_path / "volume"
    dev_stack.copy_models(clone)
    (volume / "one" / "1" / "a").write_text("other")
    (volume / "one" / "7").mkdir()
    (volume / "one" / "7" / "mine").write_text("mine")
    dev_stack.copy_models(clone)
    assert files(volume) == {"one/1/a": "a", "one/1/b": "b", "one/7/mine": "mine"}


@pytest.mark.parametrize("left", ["file", "directory"])
def test_leftovers_of_a_killed_run_are_replaced(clone: Clone, tmp_path: Path, left: str) -> None:
    staging = tmp_path / "volume" / ".coming"
    staging.parent.mkdir()
    if left == "file":
        staging.write_text("half")
    else:
        staging.mkdir()
        (staging / "half").write_text("half")
    dev_stack.copy_models(clone)
    assert set(files(tmp_path / "volume")) == {"one/1/a", "one/1/b"}
