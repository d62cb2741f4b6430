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
        stand_in.install(clone.pulumi_home, python, names=[name])
        standing_in.append(name)
    record_stand_ins(clone, standing_in)
    return standing_in


def _official(clone: Clone, name: str, downloads: Downloads) -> bool:
    """Whether the official plugin is in the engine's home, after one attempt to have it there."""
    version = stand_in.version(name)
    directory = clone.pulumi_home / "plugins" / f"resource-{name}-v{version}"
    binary = directory / f"pulumi-resource-{name}"
    if directory.is_symlink() and not directory.exists():  # theirs, and they have removed it
        directory.unlink()
    if binary.exists() and not _is_ours(binary):
        return True
    theirs = Path.home() / ".pulumi" / "plugins" / directory.name
    on_path = shutil.which(binary.name)
    if theirs.is_dir() or on_path:
        stand_in.remove(clone.pulumi_home, [name])
        if theirs.is_dir():
            directory.symlink_to(theirs)
        return True
    try:
        downloads.read(f"{PUBLISHER}/releases/plugins/")
    except Unavailable as reason:
        if "answered" not in str(reason):  # an answer of any kind means that the host is there
            return False
    return _install(clone, name, version, downloads)


def _is_ours(binary: Path) -> bool:
    return binary.stat().st_size < 10_000 and "local.plugins" in binary.read_text(errors="replace")


def _install(clone: Clone, name: str, version: str, downloads: Downloads) -> bool:
    stand_in.remove(clone.pulumi_home, [name])
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
