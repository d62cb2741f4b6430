"""Puts the stand-in plugins where the Pulumi engine looks for plugins, and takes them away."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
#: Plugin name → the Python package whose version the engine asks the plugin by.
_SDK_PACKAGES = {"kubernetes": "pulumi-kubernetes", "tls": "pulumi-tls"}
_PLUGIN_NAMES = ", ".join(sorted(_SDK_PACKAGES))


def install(pulumi_home: Path, python: Path, *, names: Iterable[str]) -> None:
    """Makes the engine find the stand-ins `names` in `pulumi_home`, run by `python`.

    `python` is the interpreter that has local/plugins/requirements.txt. Raises ValueError for a
    name there is no stand-in for.
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
    """Takes the stand-ins `names` out of `pulumi_home`; one that is not there is no error."""
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
    """The version of the plugin `name` that the program's SDK asks for: the pin in
    requirements.txt, so that it stands once.

    Raises ValueError for an unknown plugin, LookupError when requirements.txt has no pin for it.
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
    """Makes `path` a program that runs `module` of this clone by `python`."""
    # -I and a path of our own instead of PYTHONPATH: what a plugin starts (helm, a cloud's
    # credential helper) must not inherit where our modules are.
    code = (
        f"import runpy, sys; sys.path.insert(0, {str(_ROOT)!r}); "
        f"runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
    )
    command = shlex.join([str(python), "-I", "-c", code, *arguments])
    path.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    path.chmod(0o755)
