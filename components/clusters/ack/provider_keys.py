"""The settings that a stack file may have under `alicloud:`, and the arguments that make
`ack-ram-tool` log in with the same credentials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from components.config.provider_keys import ProviderKeys, Refusal, Settings

_EXPECTED = "credentials that `ack-ram-tool` finds, too: it reads the environment and profiles"
_OUTSIDE = Refusal(
    _EXPECTED,
    "take it out, and export ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET and "
    "ALIBABA_CLOUD_SECURITY_TOKEN, or name a profile: `pulumi config set alicloud:profile NAME`",
)
_PROFILE = Refusal(
    _EXPECTED,
    "take it out, and name a profile of mode RamRoleArn in ~/.aliyun/config.json: `pulumi "
    "config set alicloud:profile NAME`",
)
ALICLOUD = ProviderKeys(
    package="alicloud",
    stated={"region": "region", "accountId": "account"},
    refused={
        "accessKey": _OUTSIDE,
        "secretKey": _OUTSIDE,
        "securityToken": _OUTSIDE,
        "credentialsUri": Refusal(
            _EXPECTED, "take it out, and export ALIBABA_CLOUD_CREDENTIALS_URI"
        ),
        "ecsRoleName": Refusal(
            _EXPECTED,
            "take it out, and name a profile of mode EcsRamRole in ~/.aliyun/config.json: "
            "`pulumi config set alicloud:profile NAME`",
        ),
        "assumeRole": _PROFILE,
        "assumeRoleWithOidc": Refusal(
            _EXPECTED,
            "take it out, and export ALIBABA_CLOUD_ROLE_ARN, ALIBABA_CLOUD_OIDC_PROVIDER_ARN and "
            "ALIBABA_CLOUD_OIDC_TOKEN_FILE",
        ),
    },
)
#: For the cluster of another stack, whose outputs have the region.
ALICLOUD_REMOTE = replace(
    ALICLOUD,
    stated={},
    refused={
        **ALICLOUD.refused,
        "region": Refusal("the region of the other stack's cluster", "take it out"),
    },
)


def login_arguments(settings: Settings, ambient_profile: str | None) -> Sequence[str]:
    """Arguments by which `ack-ram-tool` uses the provider's credentials. `ambient_profile` is the
    profile in the environment: the SDK passes it to the provider, but `ack-ram-tool` reads other
    variables."""
    profile = settings["profile"].text if "profile" in settings else ambient_profile
    arguments = ["--profile-name", profile] if profile else []
    if "sharedCredentialsFile" in settings:
        arguments += ["--profile-file", settings["sharedCredentialsFile"].text]
    return arguments
