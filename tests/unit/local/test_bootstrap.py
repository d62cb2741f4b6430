"""Clones' environments consist of links to one in the cache."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from local import bootstrap

_METADATA = "Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n"
_WHEEL = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_ENTRY = "[console_scripts]\ntiny = tiny:main\n"


def wheel(directory: Path, version: str) -> str:
    """Writes a package with a script that prints the package's version and its environment."""
    info = f"tiny-{version}.dist-info"
    module = f"import sys\ndef main():\n    print({version!r}, sys.prefix)\n"
    files = {
        "tiny.py": module,
        f"{info}/METADATA": _METADATA.format(version=version),
        f"{info}/WHEEL": _WHEEL,
        f"{info}/entry_points.txt": _ENTRY,
    }
    record = "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD"))
    path = directory / f"tiny-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(name, text)
    return str(path)


@pytest.fixture
def installs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Sets an empty cache; returns the list of the install commands that run afterwards."""
    uv, run, commands = bootstrap.uv(), bootstrap._run, []

    def recording(command: list[str]) -> None:
        if "install" in command:
            commands.append(command)
        run(command)

    monkeypatch.setenv("SLIPWAY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(bootstrap, "uv", lambda: uv)
    monkeypatch.setattr(bootstrap, "_run", recording)
    return commands


def printed(venv: Path) -> list[str]:
    """The output of the package's script: version and environment."""
    done = subprocess.run([venv / "bin" / "tiny"], check=True, capture_output=True, text=True)
    return done.stdout.split()


def installed(venv: Path, requirement: str) -> Path:
    bootstrap.ensure(venv, "tiny", "--no-deps", "--no-index", requirement)
    return venv


def test_an_environment_that_one_clone_installed_is_only_linked_by_the_next(
    tmp_path: Path, installs: list[list[str]]
) -> None:
    tiny = wheel(tmp_path, "1.0")
    first = installed(tmp_path / "a" / ".venv", tiny)
    second = installed(tmp_path / "b" / ".venv", tiny)
    assert len(installs) == 1
    assert printed(first) == ["1.0", str(first)]
    assert printed(second) == ["1.0", str(second)]
    one, other = (next(each.glob("lib/python*/site-packages/tiny.py")) for each in (first, second))
    assert one.samefile(other)
    assert list(one.parent.glob("__pycache__/tiny.*.pyc"))


def test_an_environment_is_installed_again_only_when_its_requirements_change(
    tmp_path: Path, installs: list[list[str]]
) -> None:
    newer = wheel(tmp_path, "2.0.1")
    venv = installed(tmp_path / ".venv", wheel(tmp_path, "1.0"))
    installed(venv, newer)
    assert printed(venv)[0] == "2.0.1"
    installed(venv, newer)
    assert len(installs) == 2


def test_a_change_to_one_clones_environment_leaves_those_of_others_as_they_are(
    tmp_path: Path, installs: list[list[str]]
) -> None:
    tiny = wheel(tmp_path, "1.0")
    venv = installed(tmp_path / "a" / ".venv", tiny)
    other = installed(tmp_path / "b" / ".venv", tiny)
    before = (other / "pyvenv.cfg").read_text()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    python = str(venv / "bin" / "python")
    newer = wheel(tmp_path, "2.0.1")
    bootstrap._run([bootstrap.uv(), "pip", "install", "--python", python, "--no-index", newer])
    assert printed(venv)[0] == "2.0.1"
    assert printed(other) == ["1.0", str(other)]
    assert (other / "pyvenv.cfg").read_text() == before
    assert printed(installed(tmp_path / "c" / ".venv", tiny))[0] == "1.0"
