"""`GcsSource`: model files in a bucket of Google Cloud Storage."""

from __future__ import annotations

from collections.abc import Mapping

from components.contracts.source import SourceArgs
from components.sources.gcs_options import GcsOptions
from components.sources.object_store import KEY_FILE, ObjectStoreSource


class GcsSource(ObjectStoreSource):
    """Read by Workload Identity, or with a Secret that holds a service account's key file."""

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
