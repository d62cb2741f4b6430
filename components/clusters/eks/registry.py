"""`Registry`: the repositories of ECR that nodes pull from."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pulumi
from pulumi_aws import ecr

#: How long images without a tag are kept.
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
    """Encrypted repositories with image scanning and immutable tags. If they are `deletable`, a
    destroy deletes the images in them, too; otherwise it fails."""

    arns: Sequence[pulumi.Output[str]]
    url: pulumi.Output[str] | None
    """The prefix of the repositories' names, None without repositories."""

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
        self._name, self._key_arn, self._deletable = name, key_arn, deletable
        ecr_repositories = [
            self._make_repository(each, f"{cluster_name}/{each}") for each in repositories
        ]
        self.arns = [each.arn for each in ecr_repositories]
        self.url = (
            ecr_repositories[0].repository_url.apply(lambda url: url.rpartition("/")[0])
            if ecr_repositories
            else None
        )
        self.register_outputs({"url": self.url})

    def _make_repository(self, key: str, repository_name: str) -> ecr.Repository:
        repository = ecr.Repository(
            f"{self._name}-{key}",
            name=repository_name,
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[{"encryption_type": "KMS", "kms_key": self._key_arn}],
            force_delete=self._deletable,
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        ecr.LifecyclePolicy(
            f"{self._name}-{key}-untagged",
            repository=repository.name,
            policy=json.dumps(_UNTAGGED),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return repository
