"""`Role`: an IAM role with its policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_aws import iam

from components.clusters.eks.policies import partition_of


class Role:
    """A role and its policies. `resources` are all of them: what uses the role depends on them."""

    def __init__(
        self,
        name: str,
        trust: pulumi.Input[str],
        region: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
        *,
        managed: Sequence[str] = (),
        inline: Mapping[str, pulumi.Input[str]] | None = None,
    ) -> None:
        role = iam.Role(name, assume_role_policy=trust, opts=opts)
        resources: list[pulumi.Resource] = [role]
        for policy in managed:
            resources.append(
                iam.RolePolicyAttachment(
                    f"{name}-{policy.rpartition('/')[2].lower()}",
                    role=role.name,
                    policy_arn=pulumi.Output.concat(
                        "arn:", partition_of(region), ":iam::aws:policy/", policy
                    ),
                    opts=opts,
                )
            )
        for what, policy_json in (inline or {}).items():
            resources.append(
                iam.RolePolicy(f"{name}-{what}", role=role.name, policy=policy_json, opts=opts)
            )
        self.arn, self.name, self.resources = role.arn, role.name, resources
