"""`OssSource`: model files in a bucket of Alibaba Cloud's Object Storage Service."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

import pulumi
from pydantic import AfterValidator, model_validator

from components.config.model_options import SourceOptions
from components.config.options import example, mistake
from components.config.quantities import Bytes
from components.config.values import Label
from components.contracts import Grant, Identity, ModelFiles, SourceArgs
from components.kubernetes_object import Fields
from components.sources.addresses import Endpoint, bucket_uri
from components.sources.static_volume import StaticVolume
from components.sources.volume import own_volume

_DRIVER = "ossplugin.csi.alibabacloud.com"
_NONE = Identity()


class OssOptions(SourceOptions):
    """A directory in an OSS bucket, with a directory for each version in it, mounted by ACK's own
    CSI driver: KServe's storage initializer knows no `oss://`, and behind OSS's S3 endpoint no
    RRSA, only static keys. As in any volume new versions show by themselves."""

    model_config = example(
        kind="oss",
        uri="oss://bucket/models/half_plus_two",
        endpoint="https://oss-cn-hangzhou-internal.aliyuncs.com",
        role="reads-models",
    )
    scheme: ClassVar[str | None] = "oss"

    kind: Literal["oss"]
    uri: Annotated[str, AfterValidator(bucket_uri("oss"))]
    """The model's directory: `oss://bucket/models/half_plus_two`"""
    endpoint: Endpoint
    """The bucket's endpoint, within the region `https://oss-<region>-internal.aliyuncs.com`"""
    role: str | None = None
    """The RAM role that the driver takes on by RRSA, without a static key. It trusts the service
    account `csi-fuse-ossfs` in the namespace `ack-csi-fuse`. Left out on a cluster of kind `ack`,
    or beside one, the stack makes one for the server that reads its models' directories and
    nothing else"""
    credentials: Label | None = None
    """A Secret in the models' namespace with `akId` and `akSecret`, where there is no RRSA"""
    size: Bytes = "5Gi"
    """What volume and claim say of their size; OSS limits nothing by it"""

    @model_validator(mode="after")
    def _one_way_in(self) -> OssOptions:
        if self.role is not None and self.credentials is not None:
            raise mistake(
                "either `role` or `credentials`", "take `role` out, or take `credentials` out"
            )
        return self


class OssSource:
    """A PersistentVolume of the CSI driver and a claim that is bound to it. The driver mounts it
    on the node: the pod needs neither identity nor a way out."""

    options = OssOptions

    def __init__(self, options: OssOptions, args: SourceArgs) -> None:
        self._options, self._args = options, args
        keyless = options.role is None and options.credentials is None
        self.grants: Sequence[Grant] = [Grant(url=options.uri)] if keyless else []
        self._claim: pulumi.Output[str] | None = None

    def files(self, at: str | None, identity: Identity = _NONE) -> ModelFiles:
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
            # The driver's files are root's alone otherwise.
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
