"""`aws_provider`: the provider of AWS that a stack uses. `caller_account`: its account."""

from __future__ import annotations

import re

import pulumi
from pulumi_aws import Provider, get_caller_identity

from components.clusters.providers import make_provider
from components.config.provider_keys import Settings

#: The provider's error if the account is not in `allowed_account_ids`.
_NOT_ALLOWED = re.compile(r"account ID not allowed: ([0-9]{12})", re.IGNORECASE)


def aws_provider(
    name: str,
    settings: Settings,
    *,
    region: pulumi.Input[str],
    account: pulumi.Input[str] | None = None,
    opts: pulumi.ResourceOptions | None = None,
) -> Provider:
    """A provider for resources in `region`, with the stack file's `settings`, which tags all
    resources with the stack's name. With `account` it refuses to work in another account, also on
    `pulumi destroy`, when the program does not run."""
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


def caller_account(opts: pulumi.InvokeOptions) -> str | None:
    """The account of the credentials, even if the provider refuses to work in it. Raises the SDK's
    exception if AWS does not answer."""
    try:
        return get_caller_identity(opts=opts).account_id
    except Exception as error:
        not_allowed = _NOT_ALLOWED.search(str(error))
        if not_allowed is None:
            raise
        return not_allowed[1]
