"""`bucket_identity`: read access to S3 buckets for the pods of a service account."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

import pulumi
from pulumi_aws import eks

from components.clusters.eks import policies
from components.clusters.eks.roles import Role
from components.contracts.identity import BucketAccess, Identity


def bucket_identity(
    service_account: str,
    namespace: pulumi.Input[str],
    bucket_access: Sequence[BucketAccess],
    *,
    cluster_name: pulumi.Output[str],
    cluster_arn: pulumi.Output[str],
    region: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> Identity:
    """An IAM role that only reads objects under the prefixes of `bucket_access`. EKS Pod Identity gives it
    to the pods of the service account that start after the association was made."""
    if not bucket_access:
        return Identity()
    role = Role(
        f"{service_account}-reads",
        policies.pod_identity_trust(cluster_arn, namespace, service_account),
        region,
        opts,
        inline={"models": policies.document(*_read_statements(bucket_access, region))},
    )
    association = eks.PodIdentityAssociation(
        f"{service_account}-identity",
        cluster_name=cluster_name,
        namespace=namespace,
        service_account=service_account,
        role_arn=role.arn,
        # A service account can have only one association.
        opts=pulumi.ResourceOptions.merge(
            opts,
            pulumi.ResourceOptions(depends_on=role.resources, delete_before_replace=True),
        ),
    )
    return Identity(needs=[association, *role.resources])


def _read_statements(
    bucket_access: Sequence[BucketAccess], region: pulumi.Input[str]
) -> list[dict[str, object]]:
    statements = []
    for access in bucket_access:
        url = urlsplit(access.url)
        bucket = pulumi.Output.concat("arn:", policies.partition_of(region), ":s3:::", url.netloc)
        prefix = url.path.strip("/")
        statements += [
            policies.allow(
                ["s3:GetObject"],
                pulumi.Output.concat(bucket, f"/{prefix}/*" if prefix else "/*"),
            ),
            policies.allow(
                ["s3:ListBucket"],
                bucket,
                {"StringLike": {"s3:prefix": [f"{prefix}/*"]}} if prefix else None,
            ),
        ]
    return statements
