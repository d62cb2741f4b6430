"""The settings that a stack file may have under `aws:`, and the arguments and environment that make
`aws eks get-token` log in with the same credentials.

Only the identity that creates a cluster is its administrator at first, so the Kubernetes provider
has to log in as that identity. Settings that the AWS CLI does not support are refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from components.config.provider_keys import ProviderKeys, Refusal, Settings

_EXPECTED = "credentials that `aws eks get-token` finds, too: it reads the environment and profiles"
_OUTSIDE = Refusal(
    _EXPECTED,
    "take it out, and export AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or "
    "name a profile: `pulumi config set aws:profile NAME`",
)
_PROFILE = (
    "write a profile with role_arn and source_profile in ~/.aws/config, and name it: "
    "`pulumi config set aws:profile NAME`"
)


def _one_role(roles: Sequence[Any], cluster: Mapping[str, Any]) -> Refusal | None:
    role = roles[0] if len(roles) == 1 and isinstance(roles[0], dict) else {}
    if isinstance(role.get("roleArn"), str) and not role.get("externalId"):
        return None
    return Refusal(
        "one role, by `roleArn`, without `externalId`: `get-token` takes no more", _PROFILE
    )


def _one_file(files: Sequence[Any], cluster: Mapping[str, Any]) -> Refusal | None:
    if len(files) == 1 and isinstance(files[0], str):
        return None
    return Refusal("one file: the AWS CLI reads no more", "merge them into one")


def _account_is_requested(skip: bool, cluster: Mapping[str, Any]) -> Refusal | None:
    if not skip or cluster.get("account") is None:
        return None
    return Refusal(
        "false beside `slipway:cluster.account`, which is compared with the account",
        "run `pulumi config rm aws:skipRequestingAccountId`",
    )


AWS = ProviderKeys(
    package="aws",
    stated={"region": "region"},
    refused={
        "accessKey": _OUTSIDE,
        "secretKey": _OUTSIDE,
        "token": _OUTSIDE,
        "assumeRoleWithWebIdentity": Refusal(
            _EXPECTED, "take it out, and export AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE"
        ),
    },
    checks={
        "assumeRoles": _one_role,
        "sharedConfigFiles": _one_file,
        "sharedCredentialsFiles": _one_file,
        "skipRequestingAccountId": _account_is_requested,
    },
)
#: For the cluster of another stack, whose ARN has the region.
AWS_REMOTE = replace(
    AWS,
    stated={},
    refused={
        **AWS.refused,
        "region": Refusal("the region of the other stack's cluster", "take it out"),
    },
)


def login_arguments(settings: Settings) -> Sequence[str]:
    """Arguments by which the AWS CLI uses the provider's credentials."""
    arguments: list[str] = []
    if "profile" in settings:
        arguments += ["--profile", settings["profile"].text]
    if "assumeRoles" in settings:
        arguments += ["--role-arn", str(json.loads(settings["assumeRoles"].text)[0]["roleArn"])]
    return arguments


def login_environment(settings: Settings) -> Mapping[str, str]:
    """Environment variables by which the AWS CLI reads the provider's files."""
    files = {
        "AWS_CONFIG_FILE": "sharedConfigFiles",
        "AWS_SHARED_CREDENTIALS_FILE": "sharedCredentialsFiles",
    }
    return {
        name: json.loads(settings[key].text)[0] for name, key in files.items() if key in settings
    }
