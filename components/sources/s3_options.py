"""Options of the model source `s3`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator

from components.config.options import example
from components.sources.addresses import bucket_uri
from components.sources.object_store_options import ObjectStoreOptions


class S3Options(ObjectStoreOptions):
    """A directory in a bucket of Amazon S3, or of another store that speaks its API."""

    model_config = example(
        kind="s3", uri="s3://bucket/models/half_plus_two", version=1, credentials="bucket-key"
    )
    scheme: ClassVar[str | None] = "s3"

    kind: Literal["s3"]
    uri: Annotated[str, AfterValidator(bucket_uri("s3"))]
    """The model's directory: `s3://bucket/models/half_plus_two`"""
    region: str | None = None
    """The bucket's region, if the store does not report it"""
