"""`aws_provider`: Amazon's provider of a stack."""

from __future__ import annotations

import pulumi
from pulumi_aws import Provider

from components.clusters.providers import make_provider
from components.config.provider_keys import Settings


def aws_provider(
    name: str,
    settings: Settings,
    *,
    region: pulumi.Input[str],
    account: pulumi.Input[str] | None = None,
    opts: pulumi.ResourceOptions | None = None,
) -> Provider:
    """For resources in `region`, all of them tagged with the stack that they are of. With `account`
    it refuses to work in another one, at `pulumi destroy` too, where the program does not run."""
    tags = {"slipway-stack": f"{pulumi.get_project()}-{pulumi.get_stack()}"}
    return make_provider(
        Provider,
        "aws",
        name,
        settings,
        opts,
        region=region,
        allowed_account_ids=None if account is None else [account],
        default_tags={"tags": tags},
    )
