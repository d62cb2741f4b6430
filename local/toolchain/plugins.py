"""The Pulumi plugins of a clone's engine: the official ones wherever they can be had."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from local.environment import record_substitutes, variables
from local.errors import LocalError
from local.paths import Clone
from local.plugins import install as stand_in
from local.progress import step
from local.toolchain.download import Downloads, Unavailable
from local.toolchain.pins import PLUGIN, PULUMI_KUBERNETES
from local.toolchain.tools import Toolbox

NAMES = ("kubernetes", "tls")
PUBLISHER = "https://get.pulumi.com"

#: Seconds for one official plugin, once its publisher has answered (they are 10 to 60 MB).
INSTALL_TIMEOUT = 300.0
#: Build metadata, which the engine leaves out when it compares versions and shows when it lists
#: plugins: `4.34.2+built.4.25.0` is what is taken for 4.34.2.
_BUILT = f"+built.{PULUMI_KUBERNETES.removeprefix('v')}"


class PluginError(LocalError):
    """A plugin that was asked for cannot be had; the message says where it was looked for."""


def ensure(clone: Clone, python: Path, box: Toolbox, mode: str = "auto") -> dict[str, str]:
    """Put the plugins into the clone's engine home; returns, by the plugin's name, what is taken
    for those whose official version cannot be had.

    `mode` is `auto`, or `official`: nothing is taken for an official plugin, which raises
    `PluginError`.
    """
    if mode not in ("auto", "official"):
        raise PluginError(f"SLIPWAY_PLUGINS={mode}: expected auto or official")
    (clone.pulumi_home / "plugins").mkdir(parents=True, exist_ok=True)
    substitutes = {}
    for name in NAMES:
        if _official(clone, name, box.downloads):
            continue
        if mode == "official":
            raise PluginError(
                f"the official plugin {name} v{stand_in.version(name)}: not installed"
            )
        if name == "kubernetes":
            _install_built(clone, box)
            substitutes[name] = f"{PULUMI_KUBERNETES}, built from its Go module"
        else:
            _make_room(clone, name)
            stand_in.install(clone.pulumi_home, python, names=[name])
            substitutes[name] = f"local/plugins/{name}, a stand-in"
    record_substitutes(clone, substitutes)
    return substitutes


def to_build(clone: Clone, downloads: Downloads) -> tuple[str, ...]:
    """The programs to build since a plugin cannot be had otherwise. What is built in one run
    shares what is compiled, so this is asked before anything is built."""
    there = _is_here(clone, "kubernetes") or _silence(downloads) is None
    return () if there else (PLUGIN,)


def expect_official(clone: Clone, box: Toolbox) -> None:
    """Raises `PluginError` where an official plugin, or the language host that comes with the
    official CLI, is neither on this machine nor to be downloaded. Changes nothing."""
    engine = box.find("pulumi")
    missing = []
    if engine is not None and engine.origin == "build":
        missing.append("the language host (the Pulumi CLI here was built, and has none)")
    absent = [f"{name} v{stand_in.version(name)}" for name in NAMES if not _is_here(clone, name)]
    if engine is None:
        absent.append("the Pulumi CLI with its language host")
    if absent and (silence := _silence(box.downloads)):
        missing += [*absent, f"looked in ~/.pulumi, on PATH and at the publisher: {silence}"]
    if missing:
        raise PluginError(f"PLUGINS=official: not installed: {'; '.join(missing)}")


def installed(home: Path, name: str) -> Path | None:
    """The directory in the engine home `home` that the engine takes the plugin from."""
    directory = _directory(home, name)
    for found in (directory, directory.with_name(directory.name + _BUILT)):
        if (found / f"pulumi-resource-{name}").exists():
            return found
    return None


def kubernetes_version(home: Path) -> tuple[int, ...]:
    """The version of the Kubernetes plugin that an engine with the home `home` runs."""
    directory = installed(home, "kubernetes")
    built = directory is not None and directory.name.endswith(_BUILT)
    number = PULUMI_KUBERNETES.removeprefix("v") if built else stand_in.version("kubernetes")
    return tuple(int(part) for part in number.split("."))


def _directory(home: Path, name: str) -> Path:
    """Where the official plugin is in the engine home `home`."""
    return home / "plugins" / f"resource-{name}-v{stand_in.version(name)}"


def _theirs(name: str) -> Path:
    """Where the person's own `pulumi` keeps the plugin."""
    return _directory(Path.home() / ".pulumi", name)


def _has_official(clone: Clone, name: str) -> bool:
    """Whether the official plugin is in the clone's engine home."""
    binary = _directory(clone.pulumi_home, name) / f"pulumi-resource-{name}"
    return binary.exists() and not _is_stand_in(binary)


def _is_here(clone: Clone, name: str) -> bool:
    """Whether the official plugin is anywhere on this machine."""
    on_path = shutil.which(f"pulumi-resource-{name}")
    return _has_official(clone, name) or _theirs(name).is_dir() or on_path is not None


def _silence(downloads: Downloads) -> str | None:
    """Why nobody answers at the publisher's address, None where somebody does."""
    try:
        downloads.read(f"{PUBLISHER}/releases/plugins/")
    except Unavailable as reason:
        if "answered" not in str(reason):  # an answer of any kind means that the host is there
            return str(reason)
    return None


def _official(clone: Clone, name: str, downloads: Downloads) -> bool:
    """Whether the official plugin is found by the engine, after one attempt to have it there."""
    directory = _directory(clone.pulumi_home, name)
    if directory.is_symlink():  # which the engine overlooks
        directory.unlink()
    if _has_official(clone, name):
        return True
    if _is_here(clone, name):
        _make_room(clone, name)
        if _theirs(name).is_dir():
            directory.mkdir()
            for file in _theirs(name).iterdir():
                (directory / file.name).symlink_to(file)
        return True
    return _silence(downloads) is None and _install(clone, name, downloads)


def _install_built(clone: Clone, box: Toolbox) -> None:
    official = _directory(clone.pulumi_home, "kubernetes")
    directory = official.with_name(official.name + _BUILT)
    link, program = directory / PLUGIN, box.ensure([PLUGIN])[PLUGIN].path
    if not official.exists() and link.is_symlink() and link.readlink() == program:
        return  # an engine may be using it
    _make_room(clone, "kubernetes")
    directory.mkdir()
    link.symlink_to(program)


def _make_room(clone: Clone, name: str) -> None:
    """Removes what the clone's engine home has for the plugin: files of its own, or its link to
    theirs."""
    official = _directory(clone.pulumi_home, name)
    for directory in (official, *official.parent.glob(f"{official.name}+*")):
        if directory.is_symlink():
            directory.unlink()  # what is written through it would be written into their home
        elif directory.is_dir():  # beside it the engine notes when it was used
            shutil.rmtree(directory)


def _is_stand_in(binary: Path) -> bool:
    return binary.stat().st_size < 10_000 and "local.plugins" in binary.read_text(errors="replace")


def _install(clone: Clone, name: str, downloads: Downloads) -> bool:
    version = stand_in.version(name)
    _make_room(clone, name)
    command = ["pulumi", "plugin", "install", "resource", name, version]
    if downloads.base:
        command += ["--server", f"{downloads.base.rstrip('/')}/releases/plugins"]
    with step(f"official plugin {name} v{version}") as current:
        try:
            done = subprocess.run(
                command,
                env={**os.environ, **variables(clone)},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=INSTALL_TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            current.note(f"not within {INSTALL_TIMEOUT:.0f} s")
            return False
        if done.returncode:
            current.note(done.stderr.strip()[-200:] or "failed")
        return done.returncode == 0
