"""`aws_provider`: Amazon's provider of a stack."""

from __future__ import annotations

import re

import pulumi
from pulumi_aws import Provider, get_caller_identity

from components.clusters.providers import make_provider
from components.config.provider_keys import Settings

#: As the provider says it where the account is not in `allowed_account_ids`.
_NOT_ALLOWED = re.compile(r"account ID not allowed: ([0-9]{12})", re.IGNORECASE)


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


def caller(opts: pulumi.InvokeOptions) -> str | None:
    """The account of the credentials, also where the provider refuses to work in it. Raises what
    the SDK raises where AWS does not say."""
    try:
        return get_caller_identity(opts=opts).account_id
    except Exception as error:
        refused = _NOT_ALLOWED.search(str(error))
        if refused is None:
            raise
        return refused[1]
