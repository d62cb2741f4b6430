"""Provides each program: from PATH, else downloaded from its publisher, else built here."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from local.progress import say, step
from local.toolchain import debian
from local.toolchain.download import Downloads, Unavailable
from local.toolchain.gobuild import GoBuilder
from local.toolchain.programs import PROGRAMS, SOURCES, Program


@dataclass(frozen=True)
class Tool:
    """A program that can be run. `origin` is `path`, `download` or `build`."""

    path: Path
    origin: str


class Toolbox:
    """The programs in one cache directory, with one directory for each version."""

    def __init__(self, cache: Path, downloads: Downloads | None = None) -> None:
        self.cache = cache
        self.downloads = downloads or Downloads()

    def _directory(self, program: Program, origin: str) -> Path:
        return self.cache / "tools" / f"{program.name}-{program.version}" / origin

    def find(self, name: str) -> Tool | None:
        """The program if it is on PATH or in the cache, else None."""
        program = PROGRAMS[name]
        if (found := self._on_path(program)) is not None:
            return Tool(found, "path")
        for origin in ("download", "build"):
            path = self._directory(program, origin) / name
            if path.is_file():
                return Tool(path, origin)
        return None

    def _on_path(self, program: Program) -> Path | None:
        # After `make env`, and in tests, PATH begins with our own tools: not the user's programs.
        entries = os.environ.get("PATH", os.defpath).split(os.pathsep)
        path = os.pathsep.join(
            entry
            for entry in entries
            if not entry.startswith(str(self.cache)) and not entry.endswith("/.slipway/bin")
        )
        if not program.accepts or (found := shutil.which(program.name, path=path)) is None:
            return None
        command = [found, *program.probe]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return None
        words = done.stdout.replace("Client Version:", "").split()
        fits = done.returncode == 0 and words and words[0].startswith(program.accepts)
        return Path(found) if fits else None

    def ensure(self, names: Iterable[str]) -> dict[str, Tool]:
        """Provide all of `names`: from PATH, by download, or by a build, in this order. A run after
        an interrupted one continues it."""
        wanted = list(names)
        tools = {name: tool for name in wanted if (tool := self.find(name))}
        missing = [name for name in wanted if name not in tools]
        if not missing:
            return tools
        with self._lock():
            builder = GoBuilder(self.cache / "go-build", self.cache)
            for position, name in enumerate(missing, 1):
                count = f"[{position}/{len(missing)}]"
                tools[name] = self.find(name) or self._get(PROGRAMS[name], builder, count)
            builder.finish()
        return tools

    def _get(self, program: Program, builder: GoBuilder, count: str) -> Tool:
        title = f"{count} {program.name} {program.version}"
        with step(title) as current:
            target = self._directory(program, "download")
            target.mkdir(parents=True, exist_ok=True)
            try:
                self.downloads.fetch(program, target, current.note)
                current.note("downloaded")
                return Tool(target / program.name, "download")
            except Unavailable as reason:
                current.note(str(reason))
            target = self._directory(program, "build")
            target.mkdir(parents=True, exist_ok=True)
            built = builder.build(program, target, current.note)
            current.note("built from its Go module")
            return Tool(built, "build")

    def debian(self, name: str) -> Path:
        """The root directory of the unpacked Debian packages `debian.PACKAGES[name]`."""
        target = debian.directory(self.cache, name)
        if target.is_dir():
            return target
        with self._lock(), step(f"{name} from Debian's packages"):
            return debian.unpack(debian.PACKAGES[name], target)

    def sources(self, name: str) -> Path:
        """The directory of the copied files `SOURCES[name]`."""
        wanted = SOURCES[name]
        target = self.cache / "sources" / f"{name}-{wanted.version}"
        if target.is_dir():
            return target
        with self._lock(), step(f"files of {name} {wanted.version}"):
            if not target.is_dir():  # another run may have copied them in the meantime
                target.parent.mkdir(exist_ok=True)
                builder = GoBuilder(self.cache / "go-build", self.cache)
                with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
                    builder.copy(wanted, Path(scratch, name))
                    Path(scratch, name).replace(target)
                builder.finish()
        return target

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        self.cache.mkdir(parents=True, exist_ok=True)
        with (self.cache / "lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say(f"  ... another run is filling {self.cache}, waiting for it")
                fcntl.flock(handle, fcntl.LOCK_EX)
            for partial in self.cache.glob("tools/*/*/.*.part"):  # of a killed run
                partial.unlink()
            yield
