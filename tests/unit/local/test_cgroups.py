"""The cgroups of a cluster that is stopping."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from local.cluster import cgroups


def test_a_cgroup_that_is_removed_while_cgroups_are_listed_is_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = tmp_path / cgroups.name_of("dev")
    (group / "kubepods" / "pod").mkdir(parents=True)
    (group / "cgroup.procs").write_text("12\n")
    monkeypatch.setattr(cgroups, "hierarchies", lambda: [tmp_path])
    look = os.scandir

    def scandir(path: Any) -> Any:
        if str(path).endswith("kubepods"):
            (group / "kubepods" / "pod").rmdir()
            (group / "kubepods").rmdir()
        return look(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert cgroups.processes("dev") == {12}
