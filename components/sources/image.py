"""`ImageSource`: model files in a container image."""

from __future__ import annotations

from collections.abc import Sequence

from components.config.values import label
from components.contracts.identity import NO_IDENTITY, BucketAccess, Identity
from components.contracts.source import ModelFiles, SourceArgs
from components.kubernetes.object import Fields
from components.sources.image_options import ImageOptions
from components.sources.volume import directory, own_volume


class ImageSource:
    """A copy in an emptyDir, or the image as a volume. The server mounts either read-only."""

    bucket_access: Sequence[BucketAccess] = ()

    def __init__(self, options: ImageOptions, args: SourceArgs) -> None:
        self._options, self._model = options, args.model
        self._image = args.images.resolve(options.image)
        self._pull_policy = args.images.pull_policy

    def files(self, at: str | None, identity: Identity = NO_IDENTITY) -> ModelFiles:
        path = self._options.path
        if self._options.mode == "volume":
            volume = {"reference": self._image, "pullPolicy": self._pull_policy}
            return own_volume(self._model, at, {"image": volume}, path.strip("/"))
        target = directory(self._model, at)
        init_container: Fields = {
            "name": f"fetch-{label(self._model)}",
            "image": self._image,
            "command": ["cp", "-r", f"{path}/.", target],
            "volumeMounts": [{"name": f"files-{label(self._model)}", "mountPath": target}],
        }
        return own_volume(
            self._model,
            at,
            {"emptyDir": {"sizeLimit": self._options.size}},
            init_containers=[init_container],
        )
