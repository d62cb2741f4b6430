"""`ObjectStoreOptions`: the options that the model sources `s3` and `gcs` share."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from components.config.model_options import SourceOptions
from components.config.options import mistake
from components.config.quantities import Bytes
from components.config.values import Cidr, Label
from components.sources.addresses import Endpoint

#: KServe's image, whose arguments are pairs of an address and a directory.
STORAGE_INITIALIZER = "kserve/storage-initializer:v0.20.0"


class ObjectStoreOptions(SourceOptions):
    """A directory in a bucket, with a directory for each version in it. Each pod copies it at its
    start, with its service account's cloud identity, and does not look for changes later. A changed
    `version` is a roll-out."""

    version: Annotated[int, Field(ge=1)] | None = None
    """The version to serve. Its directory is copied, and everything that belongs to no version,
    such as `config.pbtxt`. Left out, all versions are copied that exist when a pod starts, so pods
    that start at different times may serve different ones"""
    size: Bytes = "2Gi"
    """Room for the files on the node's disk. A pod that needs more is evicted"""
    endpoint: Endpoint | None = None
    """The store's address, if it is not the cloud's own store"""
    addresses: tuple[Cidr, ...] = Field(default=(), strict=False)
    """Address ranges of the store, and of the cloud's token service if the pods have an identity.
    Pods may connect to no other. Left out, they may connect to any address on the store's port"""
    credentials: Label | None = None
    """A Secret in the models' namespace that holds a credentials file under the key
    `credentials`, for a cluster whose pods have no cloud identity. Only the init container mounts
    it"""
    anonymous: bool = False
    """Whether the bucket is public, so that pods need neither identity nor key"""

    @property
    def needs_identity(self) -> bool:
        return not (self.anonymous or self.credentials)

    def images(self) -> tuple[str, ...]:
        return (STORAGE_INITIALIZER,)

    @model_validator(mode="after")
    def _one_login(self) -> ObjectStoreOptions:
        if self.anonymous and self.credentials:
            raise mistake(
                "either `anonymous` or `credentials`",
                "take `anonymous` out, or take `credentials` out",
            )
        return self
