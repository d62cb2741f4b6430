"""`S3Source`: model files in an S3 bucket."""

from __future__ import annotations

from collections.abc import Mapping

from components.contracts.source import SourceArgs
from components.sources.object_store import KEY_FILE, ObjectStoreSource
from components.sources.s3_options import S3Options


class S3Source(ObjectStoreSource):
    """Read by IRSA or EKS Pod Identity, or with a Secret that holds an AWS credentials file."""

    # EKS Pod Identity's agent on the node.
    identity_egress = (
        {
            "to": [
                {"ipBlock": {"cidr": cidr}} for cidr in ("169.254.170.23/32", "fd00:ec2::23/128")
            ],
            "ports": [{"port": 80}],
        },
    )

    def __init__(self, options: S3Options, args: SourceArgs) -> None:
        # The initializer copies what begins with the text: `/m` without the slash is `/m2`, too.
        super().__init__(options, args, f"{options.uri}/")
        self._s3 = options

    def environment(self) -> Mapping[str, str]:
        # A pod has its own identity or none, never the node's.
        found = {"AWS_EC2_METADATA_DISABLED": "true"}
        if self._s3.endpoint:
            found["AWS_ENDPOINT_URL"] = self._s3.endpoint
        if self._s3.region:
            found["AWS_DEFAULT_REGION"] = self._s3.region
        if self._s3.credentials:
            found["AWS_SHARED_CREDENTIALS_FILE"] = KEY_FILE
        if self._s3.anonymous:
            found["awsAnonymousCredential"] = "true"
        return found
