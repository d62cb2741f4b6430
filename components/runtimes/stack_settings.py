"""A server's arguments and environment from the stack file, as fields of the container."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

from components.config.flags import name_of
from components.config.model_options import ModelOptions
from components.config.options import SecretReference
from components.contracts.serving import ServedModel
from components.kubernetes.object import Fields, KubernetesObject


def arguments(defaults: Sequence[str], options: ModelOptions) -> list[str]:
    """`defaults`, which the program sets, and the stack file's arguments, which override those of
    the same name."""
    overriding = options.server_arguments
    names = set(map(name_of, overriding))
    return [*(each for each in defaults if name_of(each) not in names), *overriding]


def plain_variables(options: ModelOptions) -> dict[str, str]:
    """The environment variables with plain text values."""
    variables = options.server_environment.items()
    return {name: value for name, value in variables if isinstance(value, str)}


def secret_variables(
    resource_name: str,
    options: ModelOptions,
    secrets: Mapping[str, pulumi.Output[str]],
    namespace: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> dict[str, Fields]:
    """References to the secret values, which are in an immutable Secret. A changed value is a new
    object, so the pods roll out."""
    values = {
        name: secrets[value.secret]
        for name, value in options.server_environment.items()
        if isinstance(value, SecretReference)
    }
    if not values:
        return {}
    secret = KubernetesObject(
        resource_name,
        "v1",
        "Secret",
        {
            "metadata": {"namespace": namespace},
            "type": "Opaque",
            "stringData": values,
            "immutable": True,
        },
        opts,
    ).name
    return {name: {"secretKeyRef": {"name": secret, "key": name}} for name in values}


def warn_of_old_names(models: Sequence[ServedModel], resource: pulumi.Resource) -> None:
    """Warn of keys of the models that have been renamed."""
    for model in models:
        for old, new in model.options.renamed.items():
            if old in model.options.model_fields_set:
                pulumi.log.warn(
                    f"slipway:models.{model.name}.{old} is called `{new}` now: rename it, since "
                    "the next release refuses the old name",
                    resource,
                )
