"""What a stack file may say under `gcp:`, and how `gke-gcloud-auth-plugin` is told the same."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from components.config.provider_keys import ProviderKeys, Refusal, Settings

_OUTSIDE = Refusal(
    "credentials that `gke-gcloud-auth-plugin` finds, too: it asks `gcloud`",
    "take it out, and run `gcloud auth login --update-adc`, or name a service account that your "
    "login may impersonate: `pulumi config set gcp:impersonateServiceAccount EMAIL`",
)
GCP = ProviderKeys(
    package="gcp",
    stated={"project": "project", "region": "region"},
    refused={
        "credentials": _OUTSIDE,
        "accessToken": _OUTSIDE,
        "externalCredentials": _OUTSIDE,
    },
)
#: Beside a cluster of another stack, whose outputs name the project.
GCP_BESIDE = replace(
    GCP,
    stated={},
    refused={
        **GCP.refused,
        "project": Refusal("the project of the other stack's cluster", "take it out"),
    },
)


def login(settings: Settings) -> Sequence[str]:
    """Arguments of `gke-gcloud-auth-plugin`, by which it is who the provider is."""
    if "impersonateServiceAccount" not in settings:
        return []
    chain: list[str] = []
    if "impersonateServiceAccountDelegates" in settings:
        chain = json.loads(settings["impersonateServiceAccountDelegates"].text)
    # gcloud takes the whole chain, the account to be in the end last.
    chain = [*chain, settings["impersonateServiceAccount"].text]
    return [f"--impersonate_service_account={','.join(chain)}"]
