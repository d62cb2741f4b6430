"""Environments of clones are links to one in the cache."""

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
    """A package with a module and a script, which prints its version and its interpreter."""
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
    """A cache that is empty, and what is installed from now on."""
    uv, run, seen = bootstrap.uv(), bootstrap._run, []

    def noted(command: list[str]) -> None:
        if "install" in command:
            seen.append(command)
        run(command)

    monkeypatch.setenv("SLIPWAY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(bootstrap, "uv", lambda: uv)
    monkeypatch.setattr(bootstrap, "_run", noted)
    return seen


def says(venv: Path) -> list[str]:
    done = subprocess.run([venv / "bin" / "tiny"], check=True, capture_output=True, text=True)
    return done.stdout.split()


def made(venv: Path, requirement: str) -> Path:
    bootstrap.ensure(venv, "tiny", "--no-deps", "--no-index", requirement)
    return venv


def test_what_one_clone_has_installed_the_next_only_links(
    tmp_path: Path, installs: list[list[str]]
) -> None:
    tiny = wheel(tmp_path, "1.0")
    first, second = made(tmp_path / "a" / ".venv", tiny), made(tmp_path / "b" / ".venv", tiny)
    assert len(installs) == 1
    assert says(first) == ["1.0", str(first)]
    assert says(second) == ["1.0", str(second)]
    one, other = (next(each.glob("lib/python*/site-packages/tiny.py")) for each in (first, second))
    assert one.samefile(other)
    assert list(one.parent.glob("__pycache__/tiny.*.pyc"))


def test_an_environment_follows_what_is_asked_for(
    tmp_path: Path, installs: list[list[str]]
) -> None:
    newer = wheel(tmp_path, "2.0.1")
    venv = made(tmp_path / ".venv", wheel(tmp_path, "1.0"))
    made(venv, newer)
    assert says(venv)[0] == "2.0.1"
    made(venv, newer)
    assert len(installs) == 2


def test_what_a_clone_does_to_its_own_does_nothing_to_another_s(
    tmp_path: Path, installs: list[list[str]]
) -> None:
    tiny = wheel(tmp_path, "1.0")
    venv, other = made(tmp_path / "a" / ".venv", tiny), made(tmp_path / "b" / ".venv", tiny)
    before = (other / "pyvenv.cfg").read_text()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    python = str(venv / "bin" / "python")
    newer = wheel(tmp_path, "2.0.1")
    bootstrap._run([bootstrap.uv(), "pip", "install", "--python", python, "--no-index", newer])
    assert says(venv)[0] == "2.0.1"
    assert says(other) == ["1.0", str(other)]
    assert (other / "pyvenv.cfg").read_text() == before
    assert says(made(tmp_path / "c" / ".venv", tiny))[0] == "1.0"
