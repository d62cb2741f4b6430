"""Options of the model source `object_store`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from components.config.model_options import SourceOptions
from components.config.options import mistake
from components.config.quantities import Bytes
from components.config.values import Cidr, Label
from components.sources.addresses import Endpoint

#: KServe's own; its arguments are pairs of an address and a directory.
STORAGE_INITIALIZER = "kserve/storage-initializer:v0.20.0"


class ObjectStoreOptions(SourceOptions):
    """A directory in a bucket, with a directory for each version in it. Each pod copies it when it
    starts, by its service account's cloud identity, and never looks again: another `version` is a
    roll-out."""

    version: Annotated[int, Field(ge=1)] | None = None
    """The directory of the version to serve; it is copied, and what stands beside the versions,
    such as `config.pbtxt`. Left out, all versions are copied, as they are when a pod starts: pods
    that start at different times may serve different ones"""
    size: Bytes = "2Gi"
    """Room for the files on the node's disk; a pod that needs more is evicted"""
    endpoint: Endpoint | None = None
    """The store's address, where it is not the cloud's own"""
    addresses: tuple[Cidr, ...] = Field(default=(), strict=False)
    """Address ranges of the store, and of the cloud's token service where there is an identity:
    pods may connect to no other. Left out, to any on the store's port"""
    credentials: Label | None = None
    """A Secret in the models' namespace that holds a credentials file under the key
    `credentials`, where the cluster gives its pods no cloud identity. Only the init container
    mounts it"""
    anonymous: bool = False
    """The bucket is public: no identity, no key"""

    @property
    def needs_identity(self) -> bool:
        return not (self.anonymous or self.credentials)

    def images(self) -> tuple[str, ...]:
        return (STORAGE_INITIALIZER,)

    @model_validator(mode="after")
    def _one_way_in(self) -> ObjectStoreOptions:
        if self.anonymous and self.credentials:
            raise mistake(
                "either `anonymous` or `credentials`",
                "take `anonymous` out, or take `credentials` out",
            )
        return self
