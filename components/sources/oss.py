"""`OssSource`: model files in a bucket of Alibaba Cloud's Object Storage Service."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from components.contracts.identity import NO_IDENTITY, BucketAccess, Identity
from components.contracts.source import ModelFiles, SourceArgs
from components.kubernetes.object import Fields
from components.sources.oss_options import OssOptions
from components.sources.static_volume import StaticVolume
from components.sources.volume import own_volume

_DRIVER = "ossplugin.csi.alibabacloud.com"


class OssSource:
    """A PersistentVolume of the CSI driver and a claim that is bound to it. The driver mounts it
    on the node, so the pod needs neither identity nor egress."""

    def __init__(self, options: OssOptions, args: SourceArgs) -> None:
        self._options, self._args = options, args
        keyless = options.role is None and options.credentials is None
        self.bucket_access: Sequence[BucketAccess] = (
            [BucketAccess(url=options.uri)] if keyless else []
        )
        self._claim: pulumi.Output[str] | None = None

    def files(self, at: str | None, identity: Identity = NO_IDENTITY) -> ModelFiles:
        if self._claim is None:
            self._claim = self._make_claim(identity)
        claim: Fields = {"claimName": self._claim, "readOnly": True}
        return own_volume(self._args.model, at, {"persistentVolumeClaim": claim})

    def _make_claim(self, identity: Identity) -> pulumi.Output[str]:
        options = self._options
        bucket, _, path = options.uri.removeprefix("oss://").partition("/")
        attributes = {
            "bucket": bucket,
            "path": f"/{path}",
            "url": options.endpoint,
            "sigVersion": "v4",
            # By default only root may read the mounted files.
            "otherOpts": "-o umask=022 -o allow_other",
        }
        if options.role:
            attributes |= {"authType": "rrsa", "roleName": options.role}
        return StaticVolume(
            self._args,
            {"csi": {"driver": _DRIVER, "volumeAttributes": attributes}},
            access_mode="ReadOnlyMany",
            size=options.size,
            secret=options.credentials,
            attributes=identity.mount,
        ).claim
