"""A volume of one model's own, where the server wants it or under `/models`."""

from __future__ import annotations

from typing import Any

from components.config.values import label
from components.contracts.source import ModelFiles
from components.kubernetes.object import Fields


def directory(model: str, at: str | None) -> str:
    """Where the model's files are in the pod."""
    return at or f"/models/{label(model)}"


def own_volume(
    model: str, at: str | None, volume: Fields, sub_path: str = "", **more: Any
) -> ModelFiles:
    """`volume`, or `sub_path` in it, mounted read-only; `more` is what else `ModelFiles` has."""
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
