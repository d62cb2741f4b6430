"""What a stack file may say under `aws:`, and how `aws eks get-token` is told the same.

Whoever makes a cluster is its first administrator, so the objects on it have to be made by the same
identity. Settings that the AWS CLI cannot be told are refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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


def _roles(roles: Sequence[Any], cluster: Mapping[str, Any]) -> Refusal | None:
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


def _asked(skip: bool, cluster: Mapping[str, Any]) -> Refusal | None:
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
        "assumeRoles": _roles,
        "sharedConfigFiles": _one_file,
        "sharedCredentialsFiles": _one_file,
        "skipRequestingAccountId": _asked,
    },
)
#: Beside a cluster of another stack, which is in the region that its ARN says.
AWS_BESIDE = replace(
    AWS,
    stated={},
    refused={
        **AWS.refused,
        "region": Refusal("the region of the other stack's cluster", "take it out"),
    },
)


@dataclass(frozen=True)
class Login:
    """Arguments and environment of `aws`, by which it is who the provider is."""

    arguments: Sequence[str]
    environment: Mapping[str, str]


def login(settings: Settings) -> Login:
    """What the AWS CLI has to be told of `settings`."""
    texts = {key: setting.text for key, setting in settings.items()}
    arguments: list[str] = []
    if "profile" in texts:
        arguments += ["--profile", texts["profile"]]
    if "assumeRoles" in texts:
        arguments += ["--role-arn", str(json.loads(texts["assumeRoles"])[0]["roleArn"])]
    files = {
        "AWS_CONFIG_FILE": "sharedConfigFiles",
        "AWS_SHARED_CREDENTIALS_FILE": "sharedCredentialsFiles",
    }
    return Login(
        arguments,
        {name: json.loads(texts[key])[0] for name, key in files.items() if key in texts},
    )
