"""The cgroups of a cluster that is being stopped."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from local.cluster import cgroups


def test_groups_that_go_while_they_are_looked_at_are_no_obstacle(
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
