"""Stand-ins for `aws eks get-token`, `gke-gcloud-auth-plugin` and `ack-ram-tool credential-plugin`:
they print the token of the API server that stands in for a simulated cluster."""

from __future__ import annotations

import itertools
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from local.clouds import ACCOUNT
from local.clouds.account import API, Account
from local.clouds.clouds import CLOUDS

#: Program → its cloud, its required arguments, the flags for the cluster and the profile, and the
#: type token of the cloud's clusters.
PROGRAMS: Final = {
    "aws": ("aws", ("eks", "get-token"), "--cluster-name", "--profile", "aws:eks/cluster:Cluster"),
    "gke-gcloud-auth-plugin": ("gcp", (), "", "", "gcp:container/cluster:Cluster"),
    "ack-ram-tool": (
        "alicloud",
        ("credential-plugin",),
        "--cluster-id",
        "--profile-name",
        "alicloud:cs/managedKubernetes:ManagedKubernetes",
    ),
}
#: The lifetime of EKS' tokens.
_LIFETIME: Final = timedelta(minutes=14)


class Refused(Exception):
    """The program prints the reason and exits with 1."""


def token(program: str, arguments: Sequence[str], directory: Path) -> dict[str, str]:
    """The status of an ExecCredential, from the accounts in `directory`. Raises Refused."""
    cloud, words, flag, profile_flag, kind = PROGRAMS[program]
    if any(word not in arguments for word in words):
        raise Refused(f"{program} is simulated and answers `{' '.join(words)}` alone")
    account = Account(directory / cloud)
    with account.open():
        clusters = {each.id: each for each in account.of(kind)}
    if flag:
        named = [*_values(arguments, flag)]
        if not named or named[0] not in clusters:
            raise Refused(f"there is no cluster {named[0] if named else f'({flag} is missing)'}")
        profile = next(iter(_values(arguments, profile_flag)), None)
        caller = account.id_of_profile(profile, CLOUDS[cloud].account)
        # The cluster's outputs contain its account, in ARNs.
        if f":{caller}:" not in json.dumps(clusters[named[0]].outputs):
            raise Refused(f"account {caller} has no cluster {named[0]}")
    elif not clusters:
        raise Refused("there is no cluster")
    api = json.loads((directory / API).read_text())
    expires = (datetime.now(UTC) + _LIFETIME).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"token": api["token"], "expirationTimestamp": expires}


def _values(arguments: Sequence[str], flag: str) -> list[str]:
    """`--flag value` and `--flag=value`."""
    joined = [each.partition("=")[2] for each in arguments if each.startswith(f"{flag}=")]
    return joined + [b for a, b in itertools.pairwise(arguments) if a == flag]


def main(program: str, arguments: Sequence[str]) -> int:
    directory = os.environ.get(ACCOUNT)
    try:
        if directory is None:
            raise Refused(f"{program} is simulated: there is no cluster to have a token for")
        status = token(program, arguments, Path(directory))
    except Refused as error:
        print(error, file=sys.stderr)
        return 1
    exec_info = json.loads(os.environ.get("KUBERNETES_EXEC_INFO") or "{}")
    version = exec_info.get("apiVersion", "client.authentication.k8s.io/v1beta1")
    print(json.dumps({"apiVersion": version, "kind": "ExecCredential", "status": status}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
