"""The tools of the image recipes: layers, wheels, static binaries."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local import bootstrap
from local.images import archive, base, layer
from local.images.archive import Image
from local.images.base import ImageError
from local.images.layer import Layer
from local.toolchain import pins

#: The registry in the names of the local node's images, for `slipway:images.mirror`.
MIRROR = "slipway.local"
TITLE = "org.opencontainers.image.title"
#: The image's directory for Python packages that are not Debian's.
SITE_PACKAGES = f"/usr/local/lib/python{base.PYTHON}/dist-packages"

Note = Callable[[str], None]


@dataclass(frozen=True)
class Workshop:
    """The inputs of the recipes: a directory for layers, an interpreter, static programs."""

    home: Path
    python: Path
    binaries: Mapping[str, Path]

    def root(self) -> Path:
        return base.unpack(self.home / f"root-{key(*base.PACKAGES, source(base))}")

    def base(self) -> Layer:
        """The lowest layer of every image with Python."""
        root = self.root()
        return cached(self.home / f"{root.name}.tar", lambda path: layer.from_directory(root, path))

    def install(self, target: Path, *requirements: str) -> None:
        """Install wheels for the image's Python, which may differ from the host's."""
        platform = {"amd64": "x86_64", "arm64": "aarch64"}.get(pins.ARCH, pins.ARCH)
        command = [bootstrap.uv(), "pip", "install", "--quiet", "--no-deps", "--link-mode=copy"]
        command += ["--python", str(self.python), "--python-version", base.PYTHON]
        command += ["--python-platform", f"{platform}-manylinux_2_35", "--only-binary", ":all:"]
        command += ["--target", str(target), *requirements]
        done = subprocess.run(command, text=True, capture_output=True, check=False)
        if done.returncode:
            raise ImageError(f"`{' '.join(command)}` failed:\n{done.stderr.strip()[-2000:]}")

    def finish(self, library: Path, tree: Path, unused: Sequence[str] = ()) -> None:
        """Remove the patterns `unused` from `library` and compile the rest. `tree` is the root of
        the layer that contains it."""
        for pattern in unused:
            for path in library.glob(pattern):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        for stale in [*library.rglob("__pycache__")]:
            shutil.rmtree(stale)
        (library / ".lock").unlink(missing_ok=True)
        base.precompile(self.root(), library, tree)


@dataclass(frozen=True)
class Recipe:
    """One image. `build(workshop, name, target, note)` writes its archive, which changes only with
    `inputs`. `made_of` says in a few words what the built one contains. `program` is the static
    program that it needs. An image that is not `pulled` is always built."""

    reference: str
    made_of: str
    inputs: Callable[[Workshop], str]
    build: Callable[[Workshop, str, Path, Note], Path]
    program: str = ""
    pulled: bool = True

    @property
    def title(self) -> str:
        """The reference without its registry."""
        return self.reference.partition("/")[2]

    @property
    def name(self) -> str:
        return f"{MIRROR}/{self.title}"


def binary(reference: str, program: str, path: str, user: str = "") -> Recipe:
    """The recipe of an image with one static program at `path`."""

    def build(workshop: Workshop, name: str, target: Path, _: Note) -> Path:
        files = {path: workshop.binaries[program]}
        labels = {TITLE: f"{program}, a static binary"}
        return scratch_image(name, files, [path], target, user=user, labels=labels)

    def inputs(workshop: Workshop) -> str:
        return layer.digest(workshop.binaries[program])

    return Recipe(reference, "from its binary", inputs, build, program)


def scratch_image(
    name: str,
    files: Mapping[str, Path | bytes],
    entrypoint: list[str],
    target: Path,
    *,
    user: str = "",
    labels: Mapping[str, str] | None = None,
) -> Path:
    """Write the archive of an image with only these files and an empty /tmp to `target`."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".image-") as scratch:
        content = layer.from_files(files, Path(scratch, "layer.tar"), {"/tmp": 0o1777})
        image = Image(name, [content], entrypoint, user=user, labels=labels or {})
        return archive.write(image, target)


def requirements(directory: Path) -> list[str]:
    """The lines of a directory's requirements.txt without comments."""
    lines = (directory / "requirements.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def cached(path: Path, make: Callable[[Path], Layer]) -> Layer:
    return Layer(path, layer.digest(path)) if path.is_file() else make(path)


def sources(directory: Path) -> str:
    """The text of all files in an image's directory, and of the code that builds images."""
    own = [file for file in directory.rglob("*") if file.suffix in (".py", ".sh", ".txt")]
    return "\0".join([*map(source_of, sorted(own)), builders()])


def builders() -> str:
    """The text of the code that builds images: a change of it may change its images."""
    return "\0".join([*map(source, (archive, base, layer)), source_of(Path(__file__))])


def source(module: object) -> str:
    return source_of(Path(str(vars(module)["__file__"])))


def source_of(path: Path) -> str:
    return path.read_text()


def key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
