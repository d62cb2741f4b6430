"""Options of the model source `oss`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, model_validator

from components.config.model_options import SourceOptions
from components.config.options import example, mistake
from components.config.quantities import Bytes
from components.config.values import Label
from components.sources.addresses import Endpoint, bucket_uri


class OssOptions(SourceOptions):
    """A directory in an OSS bucket, with a directory for each version in it. ACK's own CSI driver
    mounts it: KServe's storage initializer does not support `oss://`, and at OSS's S3 endpoint it
    supports only static keys, not RRSA. As in any volume, new versions appear by themselves."""

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
    """The bucket's endpoint; within the region, `https://oss-<region>-internal.aliyuncs.com`"""
    role: str | None = None
    """The RAM role that the driver assumes by RRSA, without a static key. It has to trust the
    service account `csi-fuse-ossfs` in the namespace `ack-csi-fuse`. Left out on a cluster of kind
    `ack`, or of kind `reference` to one, the stack creates a role for each server, which may read
    the directories of the server's models and nothing else"""
    credentials: Label | None = None
    """A Secret in the models' namespace with `akId` and `akSecret`, for a cluster without RRSA"""
    size: Bytes = "5Gi"
    """The size in the volume and the claim. OSS does not enforce it"""

    @property
    def needs_identity(self) -> bool:
        return self.role is None and self.credentials is None

    @model_validator(mode="after")
    def _one_login(self) -> OssOptions:
        if self.role is not None and self.credentials is not None:
            raise mistake(
                "either `role` or `credentials`", "take `role` out, or take `credentials` out"
            )
        return self
