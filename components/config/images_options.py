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
    """Where images and charts are pulled from."""

    mirror: Mirror | None = None
    """A registry that has every image under the name it has upstream, host left out"""
    pull_policy: Literal["Always", "IfNotPresent"] = "Always"
    """`Always` asks the registry for each new pod which image a tag is, and whether the pod may
    have it; no pod starts while the registry does not answer. `IfNotPresent` takes what is on
    the node, which is right for images that are on the nodes and in no registry"""
    digests: dict[TaggedImage, Digest] = Field(default_factory=dict)
    """Digests of images that the program names by a tag: `{"tensorflow/serving:2.19.1":
    "sha256:…"}`, as they are named upstream. What a tag means can change, a digest cannot"""
    charts: ChartRepository | None = None
    """A chart repository that has the charts of all vendors"""
    pull_secrets: PullSecrets = ()
    """Credentials for private registries. Every pod of the stack has them, in each namespace"""
