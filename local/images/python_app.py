"""Images of a Python program: its wheels, and scripts that start it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from local.images import archive, base, layer, workshop
from local.images.archive import Image
from local.images.workshop import SITE_PACKAGES, TITLE, Note, Recipe, Workshop

_START = f"#!/usr/bin/python{base.PYTHON} -I\n"


def python_app(
    reference: str,
    directory: Path,
    made_of: str,
    *,
    scripts: Mapping[str, str],
    entrypoint: Sequence[str] = (),
    command: Sequence[str] = (),
    unused: Sequence[str] = (),
    ports: Sequence[int] = (),
    environment: Mapping[str, str] | None = None,
    pulled: bool = True,
) -> Recipe:
    """The recipe of an image with the wheels that `directory`/requirements.txt lists.

    `scripts`: path of an executable in the image → file in `directory`. `unused`: patterns of
    files that are removed from the wheels.
    """

    def build(shop: Workshop, name: str, target: Path, note: Note) -> Path:
        note("base")
        lowest = shop.base()
        note("wheels")
        with tempfile.TemporaryDirectory(dir=shop.home, prefix=".python-") as scratch:
            tree = Path(scratch, "tree")
            library = tree / SITE_PACKAGES.lstrip("/")
            shop.install(library, *workshop.requirements(directory))
            # The wheels' own scripts name the host's Python.
            shutil.rmtree(library / "bin", ignore_errors=True)
            shop.finish(library, tree, unused)
            python = tree / "usr" / "bin" / "python3"
            python.parent.mkdir(parents=True)
            python.symlink_to(f"python{base.PYTHON}")  # as in the official images of Python
            for path, file in scripts.items():
                script = tree / path.lstrip("/")
                script.parent.mkdir(parents=True, exist_ok=True)
                script.write_text(_START + (directory / file).read_text())
                script.chmod(0o755)
            note("archive")
            image = Image(
                name,
                [lowest, layer.from_directory(tree, Path(scratch, "app.tar"))],
                list(entrypoint),
                command=list(command),
                user="1000",
                environment={"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
                | dict(environment or {}),
                labels={TITLE: f"{directory.name}, {made_of}"},
                ports=ports,
            )
            return archive.write(image, target)

    def inputs(_: Workshop) -> str:
        chosen = repr((sorted(scripts.items()), entrypoint, command, unused, ports, environment))
        return workshop.sources(directory) + Path(__file__).read_text() + chosen

    return Recipe(reference, made_of, inputs, build, pulled=pulled)
