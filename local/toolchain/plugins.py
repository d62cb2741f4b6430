"""The Pulumi plugins of a clone's engine: the official ones wherever they can be had."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from local.environment import record_stand_ins, variables
from local.errors import LocalError
from local.paths import Clone
from local.plugins import install as stand_in
from local.progress import step
from local.toolchain.download import Downloads, Unavailable
from local.toolchain.tools import Toolbox

NAMES = ("kubernetes", "tls")
PUBLISHER = "https://get.pulumi.com"

#: Seconds for one official plugin, once its publisher has answered (they are 10 to 60 MB).
INSTALL_TIMEOUT = 300.0


class PluginError(LocalError):
    """A plugin that was asked for cannot be had; the message says where it was looked for."""


def ensure(clone: Clone, python: Path, downloads: Downloads, mode: str = "auto") -> list[str]:
    """Put the plugins into the clone's engine home; returns the names that are stood in for.

    `mode` is `auto` (official where it can be had, else a stand-in), `official` or `stand-in`.
    """
    if mode not in ("auto", "official", "stand-in"):
        raise PluginError(f"SLIPWAY_PLUGINS={mode}: expected auto, official or stand-in")
    (clone.pulumi_home / "plugins").mkdir(parents=True, exist_ok=True)
    standing_in = []
    for name in NAMES:
        if mode != "stand-in" and _official(clone, name, downloads):
            continue
        if mode == "official":
            raise PluginError(
                f"the official plugin {name} v{stand_in.version(name)}: not installed"
            )
        _make_room(clone, name)
        stand_in.install(clone.pulumi_home, python, names=[name])
        standing_in.append(name)
    record_stand_ins(clone, standing_in)
    return standing_in


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


def _directory(clone: Clone, name: str) -> Path:
    return clone.pulumi_home / "plugins" / f"resource-{name}-v{stand_in.version(name)}"


def _theirs(name: str) -> Path:
    """Where the person's own `pulumi` keeps the plugin."""
    return Path.home() / ".pulumi" / "plugins" / f"resource-{name}-v{stand_in.version(name)}"


def _installed(clone: Clone, name: str) -> bool:
    """Whether the official plugin is in the clone's engine home."""
    binary = _directory(clone, name) / f"pulumi-resource-{name}"
    return binary.exists() and not _is_ours(binary)


def _is_here(clone: Clone, name: str) -> bool:
    """Whether the official plugin is anywhere on this machine."""
    on_path = shutil.which(f"pulumi-resource-{name}")
    return _installed(clone, name) or _theirs(name).is_dir() or on_path is not None


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
    directory = _directory(clone, name)
    if directory.is_symlink():  # which the engine overlooks
        directory.unlink()
    if _installed(clone, name):
        return True
    if _is_here(clone, name):
        _make_room(clone, name)
        if _theirs(name).is_dir():
            directory.mkdir()
            for file in _theirs(name).iterdir():
                (directory / file.name).symlink_to(file)
        return True
    return _silence(downloads) is None and _install(clone, name, downloads)


def _make_room(clone: Clone, name: str) -> None:
    """Takes away what the clone has in the plugin's place: its own files, or its link to theirs."""
    directory = _directory(clone, name)
    if directory.is_symlink():
        directory.unlink()  # what is written through it would be written into their home
    elif directory.is_dir():
        shutil.rmtree(directory)


def _is_ours(binary: Path) -> bool:
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
