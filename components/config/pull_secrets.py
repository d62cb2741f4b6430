"""`images.pull_secrets`: credentials for private registries."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, WithJsonSchema

from components.config.options import Options, SecretReference, mistake
from components.config.secret_scan import HIDDEN, set_secret
from components.config.values import LABEL, Label, Mirror

#: Docker Hub's host in image references; kubectl and Docker store its login under this key.
DOCKER_HUB, DOCKER_HUB_KEY = "docker.io", "https://index.docker.io/v1/"
_HUB_ALIASES = ("index.docker.io", "registry-1.docker.io", "hub.docker.com")


def _registry(registry: str) -> str:
    host, _, path = registry.partition("/")
    if host in _HUB_ALIASES:
        raise mistake("a registry host as it stands in images", f"did you mean `{DOCKER_HUB}`?")
    if not re.search(r"[.:]", host) and host != "localhost":
        raise mistake(
            "a registry host, with a dot or a port",
            f"without a host, images are Docker Hub's: did you mean `{DOCKER_HUB}/{registry}`?",
        )
    if re.fullmatch(r"v[12]", path):
        raise mistake("a registry without its API's path", f"write `{host}`")
    return registry


def _username(raw: Any) -> Any:
    if not isinstance(raw, str) or not raw or ":" in raw:
        raise mistake(
            "a user name: text without `:`",
            "write the name alone; the password belongs under the key password",
            shown=HIDDEN,
        )
    return raw


def _password(raw: Any, info: ValidationInfo) -> Any:
    if isinstance(raw, dict):
        return SecretReference.model_validate(raw, context=info.context)
    raise mistake(
        "`{secret: name}`, a value of `slipway:secrets`",
        f"run {set_secret('registry')}, and write `password: {{secret: registry}}`",
        shown=HIDDEN,
    )


class RegistryLogin(Options):
    """A registry and a login that may pull from it. The stack creates a Secret with it in each
    namespace of its pods."""

    registry: Annotated[Mirror, AfterValidator(_registry)]
    """The prefix of the images' names: a host with an optional port and path, such as
    `registry.example.com/team`; `docker.io` for Docker Hub"""
    username: Annotated[str, BeforeValidator(_username), WithJsonSchema({"type": "string"})]
    password: Annotated[SecretReference, BeforeValidator(_password)]
    """The password or token, as `{secret: name}`"""


class ExistingSecret(Options):
    """A Secret of type `kubernetes.io/dockerconfigjson` that exists on the cluster."""

    name: Label
    namespace: Label | None = None
    """The Secret's namespace. At every `up` the stack copies the Secret into each namespace of its
    pods. Left out, the stack copies nothing: something else has to create a Secret of that name in
    each of these namespaces, which the stack creates"""


def _either(raw: Any, info: ValidationInfo) -> Any:
    if not isinstance(raw, dict):
        raise mistake(
            "a map with `registry`, `username` and `password`, or with `name`",
            f"for a Secret that exists, write `{{name: {raw}}}`"
            if isinstance(raw, str) and LABEL.fullmatch(raw)
            else "write `{name: regcred}` for a Secret that exists",
            shown=HIDDEN,
        )
    login_keys = sorted(raw.keys() & RegistryLogin.model_fields.keys())
    if "name" in raw and login_keys:
        complete = len(login_keys) == len(RegistryLogin.model_fields)
        keys = sorted(raw.keys() & ExistingSecret.model_fields.keys()) if complete else login_keys
        raise mistake(
            "either a login (`registry`, `username`, `password`) or the `name` of a Secret",
            f"take {' and '.join(f'`{key}`' for key in keys)} out",
            shown=HIDDEN,
        )
    model = ExistingSecret if raw.keys() & ExistingSecret.model_fields.keys() else RegistryLogin
    return model.model_validate(raw, context=info.context)


def _distinct(
    value: tuple[RegistryLogin | ExistingSecret, ...],
) -> tuple[RegistryLogin | ExistingSecret, ...]:
    keys = [each.registry if isinstance(each, RegistryLogin) else each.name for each in value]
    if len(set(keys)) < len(keys):
        raise mistake("each registry and each name once", "take all but one of them out")
    return value


PullSecret = Annotated[RegistryLogin | ExistingSecret, BeforeValidator(_either)]
PullSecrets = Annotated[tuple[PullSecret, ...], Field(strict=False), AfterValidator(_distinct)]
