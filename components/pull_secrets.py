"""`PullSecrets`: the image pull Secrets of the pods in one namespace."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components.config.pull_secrets import (
    DOCKER_HUB,
    DOCKER_HUB_KEY,
    ExistingSecret,
    RegistryLogin,
)
from components.kubernetes.object import Fields, KubernetesObject

_TYPE, _KEY = "kubernetes.io/dockerconfigjson", ".dockerconfigjson"


class PullSecrets(pulumi.ComponentResource):
    """`references` are the `imagePullSecrets` of the pods in `namespace`. All logins are in one
    Secret. Its name stays when a password changes, so no pod is replaced."""

    references: Sequence[Fields]

    def __init__(
        self,
        name: str,
        entries: Sequence[RegistryLogin | ExistingSecret],
        secrets: Mapping[str, pulumi.Output[str]],
        namespace: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:platform:PullSecrets", name, None, opts)
        self._name, self._namespace = name, namespace
        self._child = pulumi.ResourceOptions(parent=self)
        names: list[pulumi.Input[str]] = []
        logins = [each for each in entries if isinstance(each, RegistryLogin)]
        if logins:
            names.append(self._make_logins(logins, secrets))
        for each in entries:
            if isinstance(each, ExistingSecret):
                names.append(self._copy(each, each.namespace) if each.namespace else each.name)
        self.references = [{"name": each} for each in names]
        self.register_outputs({})

    def _make_logins(
        self, logins: Sequence[RegistryLogin], secrets: Mapping[str, pulumi.Output[str]]
    ) -> pulumi.Output[str]:
        def config(passwords: list[str]) -> str:
            return docker_config(
                {
                    login.registry: (login.username, password)
                    for login, password in zip(logins, passwords, strict=True)
                }
            )

        passwords = pulumi.Output.all(*(secrets[login.password.secret] for login in logins))
        return self._make("logins", _TYPE, {_KEY: passwords.apply(config).apply(_base64)})

    def _copy(self, secret: ExistingSecret, namespace: str) -> pulumi.Output[str]:
        found = KubernetesObject.get(
            f"{self._name}-{secret.name}-original",
            "v1",
            "Secret",
            f"{namespace}/{secret.name}",
            self._child,
            reads=("type", "data"),
        )
        data: pulumi.Output[Any] = pulumi.Output.secret(found.output("data"))
        return self._make(secret.name, found.output("type"), data)

    def _make(
        self,
        role: str,
        type_: pulumi.Input[str],
        data: pulumi.Input[Mapping[str, pulumi.Input[str]]],
    ) -> pulumi.Output[str]:
        return KubernetesObject(
            f"{self._name}-{role}",
            "v1",
            "Secret",
            {"metadata": {"namespace": self._namespace}, "type": type_, "data": data},
            self._child,
        ).name


def docker_config(logins: Mapping[str, tuple[str, str]]) -> str:
    """The text of `.dockerconfigjson` for `logins`, user name and password by registry."""
    auths = {
        DOCKER_HUB_KEY if registry == DOCKER_HUB else registry: {
            "username": username,
            "password": password,
            "auth": _base64(f"{username}:{password}"),
        }
        for registry, (username, password) in logins.items()
    }
    return json.dumps({"auths": auths})


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
