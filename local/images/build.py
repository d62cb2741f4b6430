"""Archives of the images that the local cluster runs, each pulled or built once."""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from local.images.registry import Registries, Unavailable
from local.images.workshop import Recipe, Workshop
from local.progress import step

Progress = Callable[[str], None]
#: Seconds that an unused archive stays in the cache: a week.
MAX_AGE = 7 * 24 * 3600.0


@dataclass(frozen=True)
class _Archives:
    """The paths of an image's archives. The name of the built one has a hash of its inputs."""

    pulled: Path
    built: Path


def ensure(
    recipes: Iterable[Recipe],
    cache: Path,
    python: Path,
    *,
    binaries: Mapping[str, Path],
    progress: Progress,
) -> list[Path]:
    """Archives in `cache` for `ctr --namespace k8s.io images import`, one for each recipe.

    `python` is an interpreter to install wheels with, `binaries` are the static programs that the
    recipes name. `progress` is called with a line for each image that was pulled or built. Each run
    tries again to pull an image that was built here, which fails within seconds: as soon as the
    registry is reachable, the real image is used.
    """
    home = cache / "images"
    home.mkdir(parents=True, exist_ok=True)
    registries = Registries()
    workshop = Workshop(home, python, binaries)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another clone may be building the same
        paths = [_provide(recipe, home, workshop, registries, progress) for recipe in recipes]
        _prune(home, paths)
    return paths


def _provide(
    recipe: Recipe, home: Path, workshop: Workshop, registries: Registries, progress: Progress
) -> Path:
    archives = _archives(recipe, home, workshop)
    if archives.pulled.is_file():
        return archives.pulled
    why = ""
    try:
        if recipe.pulled:
            path = registries.pull(recipe.reference, recipe.name, archives.pulled)
            progress(f"✓ {recipe.title}: pulled from its registry")
            return path
    except Unavailable as error:
        why = f"{error}, "
    if archives.built.is_file():
        return archives.built
    with step(f"image {recipe.title}") as current:
        recipe.build(workshop, recipe.name, archives.built, current.note)
    progress(f"✓ {recipe.title}: {why}built {recipe.made_of}")
    return archives.built


def _prune(home: Path, used: list[Path]) -> None:
    """Delete archives and layers that no clone has used for `MAX_AGE`."""
    for path in used:
        os.utime(path)
    for path in home.glob("*.tar"):
        if path.stat().st_mtime < time.time() - MAX_AGE:
            path.unlink()


def _file(recipe: Recipe) -> str:
    return recipe.title.replace("/", "_").replace(":", "_")


def _archives(recipe: Recipe, home: Path, workshop: Workshop) -> _Archives:
    key = hashlib.sha256(recipe.inputs(workshop).encode()).hexdigest()[:12]
    return _Archives(home / f"{_file(recipe)}-pulled.tar", home / f"{_file(recipe)}-{key}.tar")
