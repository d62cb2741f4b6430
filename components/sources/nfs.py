"""`NfsSource`: model files on an NFS server."""

from __future__ import annotations

from collections.abc import Sequence

from components.contracts.identity import NO_IDENTITY, BucketAccess, Identity
from components.contracts.source import ModelFiles, SourceArgs
from components.kubernetes.object import Fields
from components.sources.nfs_options import NfsOptions
from components.sources.static_volume import StaticVolume
from components.sources.volume import own_volume


class NfsSource:
    """A PersistentVolume of the directory and a claim that is bound to it, mounted read-only."""

    bucket_access: Sequence[BucketAccess] = ()

    def __init__(self, options: NfsOptions, args: SourceArgs) -> None:
        self._model = args.model
        self._claim = StaticVolume(
            args,
            {"nfs": {"server": options.server, "path": options.path}},
            access_mode="ReadWriteMany",
            size=options.size,
            mount_options=options.mount_options,
        ).claim

    def files(self, at: str | None, identity: Identity = NO_IDENTITY) -> ModelFiles:
        claim: Fields = {"claimName": self._claim, "readOnly": True}
        return own_volume(self._model, at, {"persistentVolumeClaim": claim})
