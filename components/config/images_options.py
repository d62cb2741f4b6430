"""Options of `slipway:images`."""

from __future__ import annotations

from typing import Literal

from pydantic import (
    Field,
)

from components.config.options import Options
from components.config.pull_secrets import PullSecrets
from components.config.values import (
    ChartRepository,
    Digest,
    Mirror,
    TaggedImage,
)


class ImagesOptions(Options):
    """The registries and repositories of images and charts."""

    mirror: Mirror | None = None
    """A registry that has every image under its upstream name without the host"""
    pull_policy: Literal["Always", "IfNotPresent"] = "Always"
    """`Always`: the node asks the registry for each new pod which image a tag is, and whether the
    pod may pull it. No pod starts while the registry does not answer. `IfNotPresent`: the node
    runs the image that it has, which suits images that are on the nodes and in no registry"""
    digests: dict[TaggedImage, Digest] = Field(default_factory=dict)
    """Digests of images that the program names by a tag, by the upstream name:
    `{"tensorflow/serving:2.19.1": "sha256:…"}`. A tag can move to another image, a digest cannot"""
    charts: ChartRepository | None = None
    """A chart repository that has the charts of all vendors"""
    pull_secrets: PullSecrets = ()
    """Credentials for private registries. Every pod of the stack has them, in every namespace"""
