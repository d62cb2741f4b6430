"""What the stack file says of a server's arguments and environment, for the container."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

from components.config.flags import name_of
from components.config.model_options import ModelOptions
from components.config.options import SecretReference
from components.contracts.serving import ServedModel
from components.kubernetes.object import Fields, KubernetesObject


def arguments(own: Sequence[str], options: ModelOptions) -> list[str]:
    """`own`, the program's, but for those that the stack file sets, and those of the stack file."""
    given = options.server_arguments
    names = set(map(name_of, given))
    return [*(each for each in own if name_of(each) not in names), *given]


def plain_variables(options: ModelOptions) -> dict[str, str]:
    """The variables whose values are text."""
    variables = options.server_environment.items()
    return {name: value for name, value in variables if isinstance(value, str)}


def secret_variables(
    resource_name: str,
    options: ModelOptions,
    secrets: Mapping[str, pulumi.Output[str]],
    namespace: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> dict[str, Fields]:
    """References to the values that are secrets, in an immutable Secret: another value is another
    object, so pods roll out."""
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
    """Name the keys of the models that have a new name."""
    for model in models:
        for old, new in model.options.renamed.items():
            if old in model.options.model_fields_set:
                pulumi.log.warn(
                    f"slipway:models.{model.name}.{old} is called `{new}` now: rename it, since "
                    "the next release refuses the old name",
                    resource,
                )
