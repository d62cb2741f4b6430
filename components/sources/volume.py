"""A volume for the files of one model."""

from __future__ import annotations

from typing import Any

from components.config.values import label
from components.contracts.source import ModelFiles
from components.kubernetes.object import Fields


def directory(model: str, at: str | None) -> str:
    """The directory of the model's files in the pod: `at`, or by default one in `/models`."""
    return at or f"/models/{label(model)}"


def own_volume(
    model: str, at: str | None, volume: Fields, sub_path: str = "", **more: Any
) -> ModelFiles:
    """The files in `volume`, or in its `sub_path`, mounted read-only. `more` are further fields of
    `ModelFiles`."""
    name, path = f"files-{label(model)}", directory(model, at)
    mount: Fields = {"name": name, "mountPath": path, "readOnly": True}
    if sub_path:
        mount["subPath"] = sub_path
    return ModelFiles(
        path=path,
        volumes=[{"name": name, **volume}, *more.pop("volumes", ())],
        mounts=[mount],
        **more,
    )
