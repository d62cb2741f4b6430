"""`GcsSource`: model files in a bucket of Google Cloud Storage."""

from __future__ import annotations

from collections.abc import Mapping

from components.contracts.source import SourceArgs
from components.sources.gcs_options import GcsOptions
from components.sources.object_store import KEY_FILE, ObjectStoreSource


class GcsSource(ObjectStoreSource):
    """Files are read with Workload Identity, or with a service account's key file in a Secret."""

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
        variables = {}
        if self._gcs.endpoint:
            variables["API_ENDPOINT_OVERRIDE"] = self._gcs.endpoint
        if self._gcs.credentials:
            variables["GOOGLE_APPLICATION_CREDENTIALS"] = KEY_FILE
        if self._gcs.anonymous:
            # Skips the search for a metadata server, which the pod cannot reach.
            variables["NO_GCE_CHECK"] = "true"
        return variables
