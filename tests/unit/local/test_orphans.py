"""Plugins that outlive their engine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import orphans
from local.paths import Clone

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

PLUGIN = "pulumi-resource-kubernetes"


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Clone]:
    """A clone. Beside its directory are programs with the names of an engine and a plugin, which
    only wait."""
    shutil.copy2("/bin/sleep", tmp_path / PLUGIN)
    shutil.copy2("/bin/bash", tmp_path / "pulumi")
    yield Clone(tmp_path / "clone")


def plugin_of(clone: Clone, home: Path) -> subprocess.Popen[bytes]:
    return _start(home, str(clone.root.parent / PLUGIN), "60")


def _start(home: Path, *command: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(command, env={**os.environ, "PULUMI_HOME": str(home)})
    name = Path(command[0]).name[:15]
    while Path(f"/proc/{process.pid}/comm").read_text().strip() != name:
        time.sleep(0.01)
    return process


def test_a_plugin_without_an_engine_is_ended_and_one_of_another_clone_is_not(clone: Clone) -> None:
    mine, other = plugin_of(clone, clone.pulumi_home), plugin_of(clone, Path("/elsewhere"))
    try:
        assert orphans.end(clone.pulumi_home) == [mine.pid]
        assert mine.wait(5) < 0
        assert other.poll() is None
        assert orphans.end(clone.pulumi_home) == []
    finally:
        other.kill()
        other.wait()


def test_the_plugin_of_a_running_engine_is_not_ended(clone: Clone) -> None:
    command = f"{clone.root.parent / PLUGIN} 60; exit"
    engine = _start(clone.pulumi_home, str(clone.root.parent / "pulumi"), "-c", command)
    children = Path(f"/proc/{engine.pid}/task/{engine.pid}/children")
    while not (pids := children.read_text().split()):
        time.sleep(0.01)
    plugin = Path(f"/proc/{pids[0]}/comm")
    while not plugin.read_text().startswith(PLUGIN[:15]):
        time.sleep(0.01)
    assert orphans.end(clone.pulumi_home) == []
    engine.kill()
    engine.wait()
    assert orphans.end(clone.pulumi_home) == [int(pids[0])]
