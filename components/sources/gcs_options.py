"""Options of the model source `gcs`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator

from components.config.options import example
from components.sources.addresses import bucket_uri
from components.sources.object_store_options import ObjectStoreOptions


class GcsOptions(ObjectStoreOptions):
    """A directory in a bucket of Google Cloud Storage."""

    model_config = example(
        kind="gcs", uri="gs://bucket/models/half_plus_two", version=1, credentials="bucket-key"
    )
    scheme: ClassVar[str | None] = "gs"

    kind: Literal["gcs"]
    uri: Annotated[str, AfterValidator(bucket_uri("gs"))]
    """The model's directory: `gs://bucket/models/half_plus_two`"""
