"""Options of the model source `image`."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from components.config.model_options import SourceOptions
from components.config.options import example, mistake
from components.config.quantities import Bytes
from components.config.values import AbsolutePath, Image


class ImageOptions(SourceOptions):
    """A directory in an image, with a directory for each version in it. The image's tag or digest
    is the model's version: another one is a roll-out. Pods run as user 65532, so everybody must
    be able to read the files."""

    model_config = example(
        kind="image", image="registry.example.com/half_plus_two:1", path="/models/half_plus_two"
    )

    kind: Literal["image"]
    image: Image
    path: AbsolutePath
    """The model's directory in the image"""
    mode: Literal["copy", "volume"] = "copy"
    """`copy` runs the image's own `cp` before the server starts: on every cluster, with an image
    that has `cp` (Debian's, Alpine's and busybox's do). `volume` mounts the image, without a copy
    and also where it holds nothing but files: Kubernetes 1.35 or newer (1.33 with the feature
    gate `ImageVolume`), and containerd 2.2 or CRI-O 1.33: older ones mount it whole, whatever
    `path` says"""
    size: Bytes = "2Gi"
    """Room for the copy on the node's disk; a pod that needs more is evicted"""

    def images(self) -> tuple[str, ...]:
        return (self.image,)

    @model_validator(mode="after")
    def _not_the_whole_system(self) -> ImageOptions:
        if self.mode == "copy" and self.path == "/":
            raise mistake(
                "a directory of the model's own", "write `mode: volume`, or name it in the path"
            )
        return self
