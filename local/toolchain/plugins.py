"""The Pulumi plugins of a clone's engine: official ones if they can be downloaded."""

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
from local.toolchain.pins import PULUMI_KUBERNETES
from local.toolchain.programs import PLUGIN
from local.toolchain.tools import Toolbox

NAMES = ("kubernetes", "tls")
PUBLISHER = "https://get.pulumi.com"

#: Seconds to install one official plugin, 10 to 60 MB, from a publisher that answers.
INSTALL_TIMEOUT = 300.0
#: Build metadata of the directory of a built plugin: the engine ignores it when it compares
#: versions and shows it when it lists plugins. `4.34.2+built.4.25.0` is used as 4.34.2.
_BUILT = f"+built.{PULUMI_KUBERNETES.removeprefix('v')}"


class PluginError(LocalError):
    """A required plugin is unavailable; the message says where it was looked for."""


def ensure(clone: Clone, python: Path, box: Toolbox, mode: str = "auto") -> dict[str, str]:
    """Install the plugins into the clone's engine home. Returns the substitutes of those whose
    official version is unavailable, by the plugin's name.

    `mode` is `auto`, or `official`, which raises `PluginError` in place of a substitute.
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
            _uninstall(clone, name)
            stand_in.install(clone.pulumi_home, python, names=[name])
            substitutes[name] = f"local/plugins/{name}, a stand-in"
    record_substitutes(clone, substitutes)
    return substitutes


def to_build(clone: Clone, downloads: Downloads) -> tuple[str, ...]:
    """The plugins that have to be built, since they are neither installed nor to be downloaded.
    Call it before anything is built: programs of one run share what is compiled."""
    available = _is_installed(clone, "kubernetes") or _unreachable(downloads) is None
    return () if available else (PLUGIN,)


def expect_official(clone: Clone, box: Toolbox) -> None:
    """Raises `PluginError` if an official plugin, or the language host of the official CLI, is
    neither on this machine nor to be downloaded. Changes nothing."""
    engine = box.find("pulumi")
    missing = []
    if engine is not None and engine.origin == "build":
        missing.append("the language host (the Pulumi CLI here was built, and has none)")
    absent = [
        f"{name} v{stand_in.version(name)}" for name in NAMES if not _is_installed(clone, name)
    ]
    if engine is None:
        absent.append("the Pulumi CLI with its language host")
    if absent and (reason := _unreachable(box.downloads)):
        missing += [*absent, f"looked in ~/.pulumi, on PATH and at the publisher: {reason}"]
    if missing:
        raise PluginError(f"PLUGINS=official: not installed: {'; '.join(missing)}")


def installed(home: Path, name: str) -> Path | None:
    """The directory in the engine home `home` from which the engine runs the plugin."""
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
    """The directory of the official plugin in the engine home `home`."""
    return home / "plugins" / f"resource-{name}-v{stand_in.version(name)}"


def _in_user_home(name: str) -> Path:
    """The directory of the plugin in the user's own engine home."""
    return _directory(Path.home() / ".pulumi", name)


def _has_official(clone: Clone, name: str) -> bool:
    """Whether the official plugin is in the clone's engine home."""
    binary = _directory(clone.pulumi_home, name) / f"pulumi-resource-{name}"
    return binary.exists() and not _is_stand_in(binary)


def _is_installed(clone: Clone, name: str) -> bool:
    """Whether the official plugin is anywhere on this machine."""
    on_path = shutil.which(f"pulumi-resource-{name}")
    return _has_official(clone, name) or _in_user_home(name).is_dir() or on_path is not None


def _unreachable(downloads: Downloads) -> str | None:
    """Why the publisher cannot be reached, None if it answers."""
    try:
        downloads.read(f"{PUBLISHER}/releases/plugins/")
    except Unavailable as reason:
        if "answered" not in str(reason):  # with an error, too, the host is reachable
            return str(reason)
    return None


def _official(clone: Clone, name: str, downloads: Downloads) -> bool:
    """Whether the engine finds the official plugin, after one attempt to install it."""
    directory = _directory(clone.pulumi_home, name)
    if directory.is_symlink():  # the engine ignores a plugin directory that is a link
        directory.unlink()
    if _has_official(clone, name):
        return True
    if _is_installed(clone, name):
        _uninstall(clone, name)
        if _in_user_home(name).is_dir():
            directory.mkdir()
            for file in _in_user_home(name).iterdir():
                (directory / file.name).symlink_to(file)
        return True
    return _unreachable(downloads) is None and _install(clone, name, downloads)


def _install_built(clone: Clone, box: Toolbox) -> None:
    official = _directory(clone.pulumi_home, "kubernetes")
    directory = official.with_name(official.name + _BUILT)
    link, program = directory / PLUGIN, box.ensure([PLUGIN])[PLUGIN].path
    if not official.exists() and link.is_symlink() and link.readlink() == program:
        return  # it is installed, and an engine may run it
    _uninstall(clone, "kubernetes")
    directory.mkdir()
    link.symlink_to(program)


def _uninstall(clone: Clone, name: str) -> None:
    """Removes the plugin from the clone's engine home: its files, or a link to the user's."""
    official = _directory(clone.pulumi_home, name)
    for directory in (official, *official.parent.glob(f"{official.name}+*")):
        if directory.is_symlink():
            directory.unlink()  # writing through the link would write into the user's home
        elif directory.is_dir():  # the engine's file with the time of the last use is no directory
            shutil.rmtree(directory)


def _is_stand_in(binary: Path) -> bool:
    return binary.stat().st_size < 10_000 and "local.plugins" in binary.read_text(errors="replace")


def _install(clone: Clone, name: str, downloads: Downloads) -> bool:
    version = stand_in.version(name)
    _uninstall(clone, name)
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
