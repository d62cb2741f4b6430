"""`readers`: pods that read a bucket."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pulumi
import pulumi_gcp as gcp

from components.contracts.identity import BucketAccess


def readers(
    service_account: str,
    namespace: pulumi.Input[str],
    bucket_access: Sequence[BucketAccess],
    project: pulumi.Input[str],
    number: pulumi.Output[str],
    opts: pulumi.ResourceOptions,
) -> list[pulumi.Resource]:
    """Leave for the Kubernetes service account itself, by Workload Identity Federation: there is
    no Google service account between them, and no annotation. `number` is that of `project`."""
    member = pulumi.Output.all(number, namespace, project).apply(
        lambda it: (
            f"principal://iam.googleapis.com/projects/{it[0]}/locations/global/"
            f"workloadIdentityPools/{it[2]}.svc.id.goog/subject/ns/{it[1]}/"
            f"sa/{service_account}"
        )
    )
    made: list[pulumi.Resource] = []
    for url in dict.fromkeys(access.url for access in bucket_access):
        bucket, _, path = url.removeprefix("gs://").strip("/").partition("/")
        made.append(
            gcp.storage.BucketIAMMember(
                f"{service_account}-reads-{bucket}/{path}",
                bucket=bucket,
                role="roles/storage.objectViewer",
                member=member,
                condition={
                    "title": f"slipway-{service_account}",
                    "description": "Below one prefix, and nothing else",
                    "expression": below(bucket, path),
                },
                opts=opts,
            )
        )
    return made


def below(bucket: str, path: str) -> str:
    """The condition, in CEL, that an object is below `path`, or that a list begins there: lists
    are asked of the bucket, not of an object.
    https://cloud.google.com/iam/docs/conditions-attribute-reference#objectListPrefix"""
    objects = json.dumps(f"projects/_/buckets/{bucket}/objects/{path}/")
    listed = json.dumps("storage.googleapis.com/objectListPrefix")
    prefix = json.dumps(f"{path}/")
    return (
        f"resource.name.startsWith({objects}) || "
        f'api.getAttribute({listed}, "").startsWith({prefix})'
    )
