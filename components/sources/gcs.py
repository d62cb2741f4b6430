"""`GcsSource`: model files in a bucket of Google Cloud Storage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator

from components.config.checks import label
from components.config.options import example
from components.contracts import Identity, ModelFiles, SourceArgs
from components.sources.addresses import bucket_uri
from components.sources.object_store import KEY_FILE, ObjectStoreOptions, ObjectStoreSource

#: The storage initializer makes the directories of versions that it then leaves out, and a server
#: would take such a one for the newest version. A bucket has no empty directories.
_TIDY = """\
import os, sys
for path, _, _ in os.walk(sys.argv[1], topdown=False):
    if path != sys.argv[1] and not os.listdir(path):
        os.rmdir(path)
"""

_NONE = Identity()


class GcsOptions(ObjectStoreOptions):
    """A directory in a bucket of Google Cloud Storage."""

    model_config = example(
        kind="gcs", uri="gs://bucket/models/half_plus_two", version=1, credentials="bucket-key"
    )
    scheme: ClassVar[str | None] = "gs"

    kind: Literal["gcs"]
    uri: Annotated[str, AfterValidator(bucket_uri("gs"))]
    """The model's directory: `gs://bucket/models/half_plus_two`"""


class GcsSource(ObjectStoreSource):
    """Read by Workload Identity, or with a Secret that holds a service account's key file."""

    options = GcsOptions
    # GKE's metadata server: with Dataplane V2, and without.
    identity_egress = tuple(
        {
            "to": [{"ipBlock": {"cidr": cidr}}],
            "ports": [{"port": port} for port in ports],
        }
        for cidr, ports in (("169.254.169.254/32", (80, 8080)), ("169.254.169.252/32", (987, 988)))
    )

    def __init__(self, options: GcsOptions, args: SourceArgs) -> None:
        super().__init__(options, args, options.uri)
        self._gcs = options

    def files(self, at: str | None, identity: Identity = _NONE) -> ModelFiles:
        files = super().files(at, identity)
        if self._gcs.version is None:
            return files
        (fetch,) = files.fetch
        mount = next(each for each in fetch["volumeMounts"] if each["mountPath"] == files.path)
        tidy = {
            "name": f"tidy-{label(self._args.model)}",
            "image": fetch["image"],
            "command": ["python3", "-c", _TIDY, files.path],
            "volumeMounts": [mount],
        }
        return replace(files, fetch=[fetch, tidy])

    def environment(self) -> Mapping[str, str]:
        found = {}
        if self._gcs.endpoint:
            found["API_ENDPOINT_OVERRIDE"] = self._gcs.endpoint
        if self._gcs.credentials:
            found["GOOGLE_APPLICATION_CREDENTIALS"] = KEY_FILE
        if self._gcs.anonymous:
            # Without a look for a metadata server, which the pod could not reach.
            found["NO_GCE_CHECK"] = "true"
        return found
