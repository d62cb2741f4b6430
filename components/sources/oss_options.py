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

    @property
    def needs_identity(self) -> bool:
        return self.role is None and self.credentials is None

    @model_validator(mode="after")
    def _one_way_in(self) -> OssOptions:
        if self.role is not None and self.credentials is not None:
            raise mistake(
                "either `role` or `credentials`", "take `role` out, or take `credentials` out"
            )
        return self
