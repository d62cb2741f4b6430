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
    is the model's version: a changed one is a roll-out. Pods run as user 65532, so every user must
    be able to read the files."""

    model_config = example(
        kind="image", image="registry.example.com/half_plus_two:1", path="/models/half_plus_two"
    )

    kind: Literal["image"]
    image: Image
    path: AbsolutePath
    """The model's directory in the image"""
    mode: Literal["copy", "volume"] = "copy"
    """`copy` runs the image's `cp` before the server starts. It works on every cluster, but the
    image has to have `cp`, as Debian's, Alpine's and busybox's do. `volume` mounts the image
    without a copy, and the image may hold nothing but files. It needs Kubernetes 1.35 (1.33 with
    the feature gate `ImageVolume`), and containerd 2.2 or CRI-O 1.33, or newer. Older containerd
    and CRI-O ignore `path` and mount the whole image"""
    size: Bytes = "2Gi"
    """Room for the copy on the node's disk. A pod that needs more is evicted"""

    def images(self) -> tuple[str, ...]:
        return (self.image,)

    @model_validator(mode="after")
    def _not_the_whole_system(self) -> ImageOptions:
        if self.mode == "copy" and self.path == "/":
            raise mistake(
                "a directory of the model's own", "write `mode: volume`, or name it in the path"
            )
        return self
