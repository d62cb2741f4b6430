"""The recipe of Triton's image."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from local.images import archive, base, layer, workshop
from local.images.archive import Image
from local.images.workshop import SITE_PACKAGES, TITLE, Note, Recipe, Workshop
from local.toolchain import debian

_HERE = Path(__file__).parent
_HOME = "opt/tritonserver"
_ENTRYPOINT = "opt/nvidia/nvidia_entrypoint.sh"
#: Packages that the Python backend needs beside those of every image with Python.
_PACKAGES = ("bash", f"libpython{base.PYTHON}", "libtinfo6")
#: Parts of the wheels that serving does not need.
_UNUSED = (
    "bin",
    "numpy/**/tests",
    "onnxruntime/capi/libonnxruntime.so.*",
    "onnxruntime/datasets",
    "onnxruntime/quantization",
    "onnxruntime/tools",
    "onnxruntime/transformers",
)


def recipe(reference: str) -> Recipe:
    """The recipe of `reference`, from the wheel. The official image, of 7 GB, is never pulled."""
    wheel = workshop.requirements(_HERE)[0]
    return Recipe(
        reference,
        f"from {wheel}",
        lambda _: workshop.sources(_HERE),
        _build,
        pulled=False,
    )


def _build(shop: Workshop, name: str, target: Path, note: Note) -> Path:
    note("base")
    lowest = shop.base()
    note("wheels")
    with tempfile.TemporaryDirectory(dir=shop.home, prefix=".triton-") as scratch:
        tree = debian.unpack(_PACKAGES, Path(scratch, "tree"))
        for dropped in (tree / "usr/share", tree / "etc"):
            shutil.rmtree(dropped, ignore_errors=True)
        # The Python backend checks by a shell whether it can run its stub.
        (tree / "bin" / "sh").symlink_to("bash")
        # The name of Python in the official image.
        (tree / "usr" / "bin").mkdir(parents=True, exist_ok=True)
        (tree / "usr" / "bin" / "python3").symlink_to(f"python{base.PYTHON}")
        library = tree / SITE_PACKAGES.lstrip("/")
        shop.install(library, *workshop.requirements(_HERE))
        _place_server(library, tree / _HOME)
        shop.finish(library, tree, _UNUSED)
        base.precompile(shop.root(), tree / _HOME / "backends", tree)
        entrypoint = tree / _ENTRYPOINT
        entrypoint.parent.mkdir(parents=True)
        shutil.copyfile(_HERE / entrypoint.name, entrypoint)
        entrypoint.chmod(0o755)
        note("archive")
        image = Image(
            name,
            [lowest, layer.from_directory(tree, Path(scratch, "triton.tar"))],
            [f"/{_ENTRYPOINT}"],
            environment={
                "PATH": f"/{_HOME}/bin:/usr/local/bin:/usr/bin:/bin",
                "LD_LIBRARY_PATH": f"/{_HOME}/lib",
                "LANG": "C.UTF-8",
            },
            labels={TITLE: f"tritonserver, from {workshop.requirements(_HERE)[0]}"},
            ports=(8000, 8001, 8002),
        )
        return archive.write(image, target)


def _place_server(library: Path, home: Path) -> None:
    """Move the server from the wheel's files in `library` to its paths in the official image."""
    wheel = library / "pytriton" / "tritonserver"
    home.mkdir(parents=True)
    for part in ("bin", "backends", "caches"):
        (wheel / part).rename(home / part)
    (home / "repoagents").mkdir()
    stub = "triton_python_backend_stub"
    (wheel / "python_backend_stubs" / base.PYTHON / stub).rename(home / "backends/python" / stub)
    (library / "nvidia_pytriton.libs").rename(home / "lib")
    for other in (home / "lib").glob("libpython*"):  # libraries of the stubs for other Pythons
        other.unlink()
    for rest in (library / "pytriton", *library.glob("nvidia_pytriton-*")):
        shutil.rmtree(rest)
    shutil.copytree(_HERE / "onnxruntime_backend", home / "backends" / "onnxruntime")
