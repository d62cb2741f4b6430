"""`aws_provider`: Amazon's provider of a stack."""

from __future__ import annotations

import pulumi
from pulumi_aws import Provider


def aws_provider(
    name: str, region: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
) -> Provider:
    """For resources in `region`, all of them tagged with the stack that they are of."""
    tags = {"slipway-stack": f"{pulumi.get_project()}-{pulumi.get_stack()}"}
    return Provider(name, region=region, default_tags={"tags": tags}, opts=opts)
