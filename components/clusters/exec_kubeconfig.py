"""A kubeconfig without a key: whoever uses it asks the cloud's own program for a token."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi


def exec_kubeconfig(
    *,
    name: pulumi.Input[str],
    server: pulumi.Input[str],
    certificate_authority: pulumi.Input[str],
    command: str,
    arguments: Sequence[pulumi.Input[str]],
    hint: str,
    environment: Mapping[str, str] | None = None,
) -> pulumi.Output[str]:
    """JSON (which is YAML), a secret. `certificate_authority` is in base64; `hint` says where
    `command` is to be had, `environment` is added to that of the caller."""

    def written(it: list[str]) -> str:
        called, address, authority, *given = it
        user: dict[str, dict[str, Any]] = {
            "exec": {
                "apiVersion": "client.authentication.k8s.io/v1beta1",
                "command": command,
                "args": given,
                "installHint": hint,
                "interactiveMode": "Never",
                "provideClusterInfo": False,
            }
        }
        if environment:
            user["exec"]["env"] = [{"name": key, "value": environment[key]} for key in environment]
        cluster = {"server": address, "certificate-authority-data": authority}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": called, "cluster": cluster}],
            "users": [{"name": called, "user": user}],
            "contexts": [{"name": called, "context": {"cluster": called, "user": called}}],
            "current-context": called,
        }
        return json.dumps(document, sort_keys=True)

    parts = pulumi.Output.all(name, server, certificate_authority, *arguments)
    return pulumi.Output.secret(parts.apply(written))
