"""`PvcSource`: model files in a PersistentVolumeClaim."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pulumi

from components.config.model_options import SourceOptions
from components.config.values import InnerPath, Label
from components.contracts import Claim, MountedSource

_MOUNT = "/models"
#: Pods are found by it that mount the same claim.
_CLAIM_LABEL = "slipway.dev/claim"


class PvcOptions(SourceOptions):
    """A directory in a PersistentVolumeClaim, with a directory for each version in it."""

    kind: Literal["pvc"]
    claim: Label
    """A key of `slipway:volumes`, or a claim that is in the models' namespace already, which
    more than one pod can mount"""
    path: InnerPath
    """The model's directory in the volume"""


class PvcSource:
    """The whole claim, read-only. No `subPath`: the kubelet would make a missing directory, and
    a model that is not there would look like one without versions."""

    options = PvcOptions

    def __init__(self, options: PvcOptions, claims: Mapping[str, Claim]) -> None:
        self._options = options
        # A claim of the stack's own is an Output: its pods go before it does.
        own = claims.get(options.claim)
        self._claim: pulumi.Input[str] = own.name if own else options.claim
        self._one_node = own is not None and own.one_node

    def mounted(self) -> MountedSource:
        return MountedSource(
            path=f"{_MOUNT}/{self._options.path}",
            volume={
                "name": "models",
                "persistentVolumeClaim": {"claimName": self._claim, "readOnly": True},
            },
            mount={"name": "models", "mountPath": _MOUNT, "readOnly": True},
            node_mates={_CLAIM_LABEL: self._options.claim} if self._one_node else {},
        )
