"""`S3Source`: model files in an S3 bucket."""

from __future__ import annotations

from collections.abc import Mapping

from components.contracts.source import SourceArgs
from components.sources.object_store import KEY_FILE, ObjectStoreSource
from components.sources.s3_options import S3Options


class S3Source(ObjectStoreSource):
    """Files are read with IRSA or EKS Pod Identity, or with an AWS credentials file in a Secret."""

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
        # The initializer copies all names with this prefix: without the slash `/m` is also `/m2`.
        super().__init__(options, args, f"{options.uri}/")
        self._s3 = options

    def environment(self) -> Mapping[str, str]:
        # A pod uses its own identity or none, never the node's.
        variables = {"AWS_EC2_METADATA_DISABLED": "true"}
        if self._s3.endpoint:
            variables["AWS_ENDPOINT_URL"] = self._s3.endpoint
        if self._s3.region:
            variables["AWS_DEFAULT_REGION"] = self._s3.region
        if self._s3.credentials:
            variables["AWS_SHARED_CREDENTIALS_FILE"] = KEY_FILE
        if self._s3.anonymous:
            variables["awsAnonymousCredential"] = "true"
        return variables
