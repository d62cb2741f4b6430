"""Archives of the images that the local cluster runs, each pulled or made once."""

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
#: Seconds that an archive stays in the cache without being asked for: a week.
KEPT = 7 * 24 * 3600.0


@dataclass(frozen=True)
class _Archives:
    """Where the archives of one image are kept; the built one is named by what it is made of."""

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
    """Archives that `ctr --namespace k8s.io images import` takes, in `cache`, one a recipe.

    `python` is an interpreter to install wheels with, `binaries` the static programs that the
    recipes name. `progress` is given a line for each image that was pulled or built. An image made
    here is asked for again in its registry each time, in vain within seconds: who comes within
    reach of one gets the real image.
    """
    home = cache / "images"
    home.mkdir(parents=True, exist_ok=True)
    registries = Registries()
    workshop = Workshop(home, python, binaries)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another clone may be building the same
        found = [_one(recipe, home, workshop, registries, progress) for recipe in recipes]
        _prune(home, found)
    return found


def _one(
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
    """Drop archives and layers that no clone has asked for in a while."""
    for path in used:
        os.utime(path)
    for path in home.glob("*.tar"):
        if path.stat().st_mtime < time.time() - KEPT:
            path.unlink()


def _file(recipe: Recipe) -> str:
    return recipe.title.replace("/", "_").replace(":", "_")


def _archives(recipe: Recipe, home: Path, workshop: Workshop) -> _Archives:
    key = hashlib.sha256(recipe.inputs(workshop).encode()).hexdigest()[:12]
    return _Archives(home / f"{_file(recipe)}-pulled.tar", home / f"{_file(recipe)}-{key}.tar")
