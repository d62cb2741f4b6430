"""`PvcSource`: model files in a PersistentVolumeClaim."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from components.contracts.identity import NO_IDENTITY, BucketAccess, Identity
from components.contracts.source import ModelFiles, SourceArgs
from components.kubernetes.object import Fields
from components.sources.pvc_options import PvcOptions

_MOUNT = "/volumes"
#: Pods that mount the same claim have the label `<this>/<claim>`.
_CLAIM_LABEL = "claim.slipway.dev"


class PvcSource:
    """The whole claim is mounted read-only, and the server reads the model's directory in it. A
    `subPath` would hide a mistake in `path`: the kubelet creates a missing directory, so the model
    looks like one without versions. A `subPath` is used only for servers that expect the model in
    a certain directory."""

    bucket_access: Sequence[BucketAccess] = ()

    def __init__(self, options: PvcOptions, args: SourceArgs) -> None:
        self._options = options
        # The name of the stack's own claim is an Output, so pods are deleted before the claim.
        own = args.claims.get(options.claim)
        self._claim: pulumi.Input[str] = own.name if own else options.claim
        self._one_node = own is not None and own.one_node

    def files(self, at: str | None, identity: Identity = NO_IDENTITY) -> ModelFiles:
        volume = f"claim-{self._options.claim}"[:63].rstrip("-")
        whole = f"{_MOUNT}/{self._options.claim}"
        mount: Fields = {"name": volume, "mountPath": at or whole, "readOnly": True}
        if at is not None:
            mount["subPath"] = self._options.path
        return ModelFiles(
            path=at or f"{whole}/{self._options.path}",
            volumes=[
                {
                    "name": volume,
                    "persistentVolumeClaim": {"claimName": self._claim, "readOnly": True},
                }
            ],
            mounts=[mount],
            colocation_labels=(
                {f"{_CLAIM_LABEL}/{self._options.claim}": "mounted"} if self._one_node else {}
            ),
        )
