"""IAM roles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_aws import iam

from components.clusters.eks.policies import partition_of


class Role:
    """A role with the policies that it has: whoever uses it depends on all of them."""

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
        made: list[pulumi.Resource] = [role]
        for policy in managed:
            made.append(
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
            made.append(
                iam.RolePolicy(f"{name}-{what}", role=role.name, policy=policy_json, opts=opts)
            )
        self.arn, self.name, self.resources = role.arn, role.name, made
