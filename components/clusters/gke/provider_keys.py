"""The settings that a stack file may have under `gcp:`, and the arguments that make
`gke-gcloud-auth-plugin` log in with the same credentials."""

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
#: For the cluster of another stack, whose outputs have the project.
GCP_REMOTE = replace(
    GCP,
    stated={},
    refused={
        **GCP.refused,
        "project": Refusal("the project of the other stack's cluster", "take it out"),
    },
)


def login_arguments(settings: Settings) -> Sequence[str]:
    """Arguments by which `gke-gcloud-auth-plugin` uses the provider's credentials."""
    if "impersonateServiceAccount" not in settings:
        return []
    chain: list[str] = []
    if "impersonateServiceAccountDelegates" in settings:
        chain = json.loads(settings["impersonateServiceAccountDelegates"].text)
    # gcloud expects the whole chain of delegates, with the impersonated account last.
    chain = [*chain, settings["impersonateServiceAccount"].text]
    return [f"--impersonate_service_account={','.join(chain)}"]
