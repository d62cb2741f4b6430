"""`exec_kubeconfig`: a kubeconfig without credentials, whose users run their cloud's login program."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi


def exec_kubeconfig(
    *,
    name: pulumi.Input[str],
    server: pulumi.Input[str],
    certificate_authority: pulumi.Input[str | None],
    command: str,
    arguments: Sequence[pulumi.Input[str]],
    install_hint: str,
    environment: Mapping[str, str] | None = None,
    api_version: str = "v1beta1",
    provide_cluster_info: bool = False,
) -> pulumi.Output[str]:
    """A kubeconfig as JSON (which is YAML), a secret.

    `certificate_authority` is base64, or None where a public authority signed the server's
    certificate. `api_version` is the version of `client.authentication.k8s.io` that `command`
    answers with. `environment` is added to the caller's.
    """

    def document(values: list[Any]) -> str:
        name, server, authority, *args = values
        login: dict[str, Any] = {
            "apiVersion": f"client.authentication.k8s.io/{api_version}",
            "command": command,
            "installHint": install_hint,
            "interactiveMode": "Never",
            "provideClusterInfo": provide_cluster_info,
        }
        if args:
            login["args"] = args
        if environment:
            login["env"] = [{"name": key, "value": environment[key]} for key in environment]
        cluster = {"server": server}
        if authority:
            cluster["certificate-authority-data"] = authority
        kubeconfig = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": cluster}],
            "users": [{"name": name, "user": {"exec": login}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        }
        return json.dumps(kubeconfig, sort_keys=True)

    values = pulumi.Output.all(name, server, certificate_authority, *arguments)
    return pulumi.Output.secret(values.apply(document))
