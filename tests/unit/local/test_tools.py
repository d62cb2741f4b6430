"""The sources of a program: PATH, a download, or a build."""

from __future__ import annotations

import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from local.toolchain import gobuild
from local.toolchain.download import Downloads
from local.toolchain.programs import PROGRAMS, SOURCES, Build, Sources
from local.toolchain.tools import Toolbox


def executable(path: Path, prints: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{prints}'\n")
    path.chmod(0o755)


@pytest.fixture
def box(tmp_path: Path) -> Toolbox:
    return Toolbox(tmp_path / "cache", Downloads("off"))


@pytest.mark.parametrize(
    ("prints", "accepted"),
    [("v3.259.0", True), ("v3.300.1", True), ("v2.25.0", False), ("", False)],
)
def test_a_pulumi_on_path_is_used_if_its_version_is_accepted(
    box: Toolbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prints: str, accepted: bool
) -> None:
    executable(tmp_path / "bin" / "pulumi", prints)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    found = box.find("pulumi")
    assert (found is not None and found.origin == "path") is accepted


def test_a_kubectl_two_minors_away_is_not_used(
    box: Toolbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    executable(tmp_path / "bin" / "kubectl", "Client Version: v1.34.9")
    assert box.find("kubectl") is None
    executable(tmp_path / "bin" / "kubectl", "Client Version: v1.35.0")
    assert box.find("kubectl") is not None


def test_the_links_that_make_env_puts_on_path_are_not_used_as_the_users_programs(
    box: Toolbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executable(tmp_path / ".slipway" / "bin" / "pulumi", "v3.259.0")
    monkeypatch.setenv("PATH", f"{tmp_path / '.slipway' / 'bin'}:/usr/bin:/bin")
    assert box.find("pulumi") is None


def test_a_program_that_is_neither_on_path_nor_published_is_built(box: Toolbox) -> None:
    tool = box.ensure(["pause"])["pause"]
    assert tool.origin == "build"
    assert tool.path.stat().st_mode & 0o111
    assert not (box.cache / "go-build").exists(), "the build's caches are not deleted"


def test_the_compiler_gets_its_share_of_the_memory_if_there_is_enough() -> None:
    processors = os.cpu_count() or 1
    assert gobuild._spending(processors << 30) == {}
    assert gobuild._spending(processors << 33)["GOMEMLIMIT"] == str(6 << 30)


def test_a_failed_build_prints_the_compilers_message_and_leaves_no_program(
    box: Toolbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tmp_path / "modules" / "broken"
    module.mkdir(parents=True)
    (module / "go.mod").write_text("module slipway.dev/broken\n\ngo 1.26\n")
    (module / "main.go").write_text("package main\n\nfunc main() { undefined() }\n")
    monkeypatch.setattr(gobuild, "MODULES", tmp_path / "modules")
    broken = PROGRAMS["pause"].__class__("pause", "v9", Build("broken", "slipway.dev/broken"))
    monkeypatch.setitem(PROGRAMS, "pause", broken)
    with pytest.raises(gobuild.BuildError, match="undefined: undefined"):
        box.ensure(["pause"])
    assert box.find("pause") is None


@pytest.fixture
def proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module `chart` that requires `example.com/files`, and a module proxy that has only that."""
    own, published = tmp_path / "modules" / "chart", tmp_path / "proxy/example.com/files/@v"
    own.mkdir(parents=True)
    published.mkdir(parents=True)
    own.joinpath("go.mod").write_text(
        "module slipway.dev/chart\n\ngo 1.26\n\nrequire example.com/files v1.0.0\n"
    )
    published.joinpath("v1.0.0.info").write_text('{"Version": "v1.0.0"}')
    published.joinpath("v1.0.0.mod").write_text("module example.com/files\n")
    with zipfile.ZipFile(published / "v1.0.0.zip", "w") as archive:
        for name in ("go.mod", "charts/a/Chart.yaml", "charts/b/Chart.yaml"):
            archive.writestr(f"example.com/files@v1.0.0/{name}", "module example.com/files\n")
    monkeypatch.setattr(gobuild, "MODULES", tmp_path / "modules")
    monkeypatch.setenv("GOPROXY", published.parents[2].as_uri())
    monkeypatch.setenv("GOSUMDB", "off")


@pytest.mark.usefixtures("proxy")
def test_a_program_embeds_a_file_that_only_another_module_has(
    box: Toolbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tmp_path / "modules" / "chart"
    (module / "main.go").write_text(
        'package main\n\nimport _ "embed"\n\n//go:embed chart.yaml\nvar chart string\n\n'
        "func main() { print(chart) }\n"
    )
    embedded = {"chart.yaml": ("example.com/files", "charts/a/Chart.yaml")}
    program = PROGRAMS["pause"].__class__("pause", "v9", Build("chart", ".", embedded=embedded))
    monkeypatch.setitem(PROGRAMS, "pause", program)
    built = box.ensure(["pause"])["pause"].path
    done = subprocess.run([built], capture_output=True, text=True, check=True)
    assert done.stderr == "module example.com/files\n"
    assert not (module / "chart.yaml").exists()


@pytest.mark.usefixtures("proxy")
def test_only_the_named_directories_of_a_module_are_copied(
    box: Toolbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = Sources("v1.0.0", "chart", {"example.com/files": ("charts/a",)})
    monkeypatch.setitem(SOURCES, "chart", wanted)
    found = box.sources("chart")
    assert [str(each.relative_to(found)) for each in found.rglob("*.yaml")] == [
        "charts/a/Chart.yaml"
    ]
    assert not (box.cache / "go-build").exists(), "the module itself is not deleted"
    monkeypatch.setenv("GOPROXY", "off")
    assert box.sources("chart") == found


@pytest.mark.usefixtures("proxy")
def test_nothing_is_copied_if_a_module_is_missing(
    box: Toolbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    modules = {"example.com/files": ("charts/a",), "example.com/others": ("b",)}
    monkeypatch.setitem(SOURCES, "chart", Sources("v1.0.0", "chart", modules))
    with pytest.raises(gobuild.BuildError, match=r"example\.com/others"):
        box.sources("chart")
    assert not list(box.cache.glob("sources/*"))
