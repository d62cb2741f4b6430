"""Installs the stand-in plugins into an engine home, and removes them."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
#: Plugin → the Python package that has the version which the engine requires of the plugin.
_SDK_PACKAGES = {"kubernetes": "pulumi-kubernetes", "tls": "pulumi-tls"}
_PLUGIN_NAMES = ", ".join(sorted(_SDK_PACKAGES))


def install(pulumi_home: Path, python: Path, *, names: Iterable[str]) -> None:
    """Installs the stand-ins `names` into the engine home `pulumi_home`, run by `python`.

    `python` is an interpreter with local/plugins/requirements.txt. Raises ValueError for a plugin
    without a stand-in.
    """
    for name in names:
        directory = _plugin_directory(pulumi_home, name)
        directory.mkdir(parents=True, exist_ok=True)
        write_wrapper(
            directory / f"pulumi-resource-{name}",
            python,
            f"local.plugins.{name}",
            f"--plugin-version={version(name)}",
        )


def remove(pulumi_home: Path, names: Iterable[str]) -> None:
    """Removes the stand-ins `names` from `pulumi_home`; ignores those that are not installed."""
    for name in names:
        wrapper = _plugin_directory(pulumi_home, name) / f"pulumi-resource-{name}"
        if wrapper.exists() and "local.plugins" in wrapper.read_text(errors="replace"):
            shutil.rmtree(wrapper.parent)


def language_host(bin_dir: Path, python: Path) -> Path:
    """Writes `pulumi-language-python` into `bin_dir`, run by `python`, and returns its path."""
    bin_dir.mkdir(parents=True, exist_ok=True)
    path = bin_dir / "pulumi-language-python"
    write_wrapper(path, python, "local.plugins.language_python")
    return path


def version(name: str) -> str:
    """The version of the plugin `name` that the program's SDK requires: the SDK's pin in
    requirements.txt.

    Raises ValueError for an unknown plugin, LookupError if requirements.txt has no pin for it.
    """
    if name not in _SDK_PACKAGES:
        raise ValueError(f"there is no stand-in for plugin {name!r}: expected {_PLUGIN_NAMES}")
    package = _SDK_PACKAGES[name]
    requirements = _ROOT / "requirements.txt"
    if requirements.exists():
        for line in requirements.read_text().splitlines():
            pinned, _, number = line.split("#")[0].split(";")[0].partition("==")
            if pinned.strip().lower().replace("_", "-") == package and number.strip():
                return number.strip()
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        raise LookupError(
            f"{requirements} pins no {package}: add a line `{package}==<version>`"
        ) from None


def _plugin_directory(pulumi_home: Path, name: str) -> Path:
    return pulumi_home / "plugins" / f"resource-{name}-v{version(name)}"


def write_wrapper(path: Path, python: Path, module: str, *arguments: str) -> None:
    """Writes an executable to `path` that runs `module` of this clone with `python`."""
    # Not by PYTHONPATH, which programs that a plugin starts (helm, a cloud's credential helper)
    # would inherit.
    code = (
        f"import runpy, sys; sys.path.insert(0, {str(_ROOT)!r}); "
        f"runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
    )
    command = shlex.join([str(python), "-I", "-c", code, *arguments])
    path.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    path.chmod(0o755)
