"""`bucket_identity`: read access to buckets of Cloud Storage for the pods of a service account."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pulumi
import pulumi_gcp as gcp

from components.contracts.identity import BucketAccess, Identity


def bucket_identity(
    service_account: str,
    namespace: pulumi.Input[str],
    bucket_access: Sequence[BucketAccess],
    *,
    project: pulumi.Input[str],
    project_number: pulumi.Output[str],
    opts: pulumi.ResourceOptions,
) -> Identity:
    """Grants the Kubernetes service account itself, by Workload Identity Federation, read access
    under the prefixes of `bucket_access`. It needs neither a Google service account nor an annotation.
    `project` is the cluster's."""
    member = pulumi.Output.all(project_number, namespace, project).apply(
        lambda it: (
            f"principal://iam.googleapis.com/projects/{it[0]}/locations/global/"
            f"workloadIdentityPools/{it[2]}.svc.id.goog/subject/ns/{it[1]}/"
            f"sa/{service_account}"
        )
    )
    members: list[pulumi.Resource] = []
    for url in dict.fromkeys(access.url for access in bucket_access):
        bucket, _, path = url.removeprefix("gs://").strip("/").partition("/")
        members.append(
            gcp.storage.BucketIAMMember(
                f"{service_account}-reads-{bucket}/{path}",
                bucket=bucket,
                role="roles/storage.objectViewer",
                member=member,
                condition={
                    "title": f"slipway-{service_account}",
                    "description": "Below one prefix, and nothing else",
                    "expression": prefix_condition(bucket, path),
                },
                opts=opts,
            )
        )
    return Identity(needs=members)


def prefix_condition(bucket: str, path: str) -> str:
    """The condition, in CEL, that a request reads an object under `path` or lists objects under it.
    A list request names the bucket, not an object, so its prefix is compared:
    https://cloud.google.com/iam/docs/conditions-attribute-reference#objectListPrefix"""
    objects = json.dumps(f"projects/_/buckets/{bucket}/objects/{path}/")
    attribute = json.dumps("storage.googleapis.com/objectListPrefix")
    prefix = json.dumps(f"{path}/")
    return (
        f"resource.name.startsWith({objects}) || "
        f'api.getAttribute({attribute}, "").startsWith({prefix})'
    )
