"""`Registry`: the repositories that nodes pull from."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pulumi
from pulumi_aws import ecr

#: Of images that no tag names any more.
_DAYS = 14
_UNTAGGED = {
    "rules": [
        {
            "rulePriority": 1,
            "selection": {
                "tagStatus": "untagged",
                "countType": "sinceImagePushed",
                "countUnit": "days",
                "countNumber": _DAYS,
            },
            "action": {"type": "expire"},
        }
    ]
}


class Registry(pulumi.ComponentResource):
    """Repositories of ECR, encrypted and scanned, whose tags never change. `deletable`: with the
    images that are in them."""

    arns: Sequence[pulumi.Output[str]]
    url: pulumi.Output[str] | None

    def __init__(
        self,
        name: str,
        *,
        cluster_name: str,
        repositories: Sequence[str],
        key_arn: pulumi.Output[str],
        deletable: bool,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("slipway:clusters:EksRegistry", name, None, opts)
        made = []
        for each in repositories:
            repository = ecr.Repository(
                f"{name}-{each}",
                name=f"{cluster_name}/{each}",
                image_tag_mutability="IMMUTABLE",
                image_scanning_configuration={"scan_on_push": True},
                encryption_configurations=[{"encryption_type": "KMS", "kms_key": key_arn}],
                force_delete=deletable,
                opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
            )
            ecr.LifecyclePolicy(
                f"{name}-{each}-untagged",
                repository=repository.name,
                policy=json.dumps(_UNTAGGED),
                opts=pulumi.ResourceOptions(parent=self),
            )
            made.append(repository)
        self.arns = [repository.arn for repository in made]
        self.url = (
            made[0].repository_url.apply(lambda url: url.rpartition("/")[0]) if made else None
        )
        self.register_outputs({"url": self.url})
