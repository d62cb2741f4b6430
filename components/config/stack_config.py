"""`StackConfig`: the options of a whole stack file."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
)

from components import registry
from components.config.addons import AddonChoice, Addons, OneAddon
from components.config.cluster_options import ClusterOptions
from components.config.gateway_options import GATEWAY_NAMESPACE, GatewayOptions
from components.config.images_options import ImagesOptions
from components.config.limits_options import LimitsOptions
from components.config.model_options import ModelOptions
from components.config.options import Options, likely, mistake
from components.config.registered_kind import RegisteredKind
from components.config.values import (
    Label,
    kubernetes_name,
)
from components.config.volume_options import VolumeOptions

#: A Kubernetes name has at most 63 characters. Pulumi appends `-` and eight characters, and the
#: program a role, which leaves 40.
LONGEST_MODEL_NAME = 40
#: A model's name is the first part of its path. These first parts have other meanings.
RESERVED_PATHS = frozenset({"v1", "v2", "healthz", "metrics", "ping"})
#: Names that are valid both as a model's directory and in its route.
MODEL_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*[A-Za-z0-9]|[A-Za-z]")


def _model_name(name: str) -> str:
    expected = f"a model name: letters, digits, `_` and `-`, at most {LONGEST_MODEL_NAME}"
    if name.lower() in RESERVED_PATHS:
        raise mistake("a name that is not a path of the servers", f"did you mean `{name}_model`?")
    if len(name) > LONGEST_MODEL_NAME or not MODEL_NAME.fullmatch(name):
        letters = re.sub(r"[^A-Za-z0-9-]+", "_", name).lstrip("0123456789_-")
        near = letters[:LONGEST_MODEL_NAME].rstrip("_-")
        raise likely(_model_name, expected, "begin with a letter", near, f"{near}_model")
    return name


def _namespace(raw: Any) -> Any:
    """Refuses namespaces that others own, also if `raw` only resembles their names."""
    name = kubernetes_name(raw)
    if name.startswith("kube-") or name in ("default", GATEWAY_NAMESPACE):
        raise mistake("a namespace of the stack's own", "write another, such as `models`")
    return raw


#: The add-on that `slipway:metrics` is the old name of.
METRICS_ADDON = "metrics-server"
ModelName = Annotated[str, AfterValidator(_model_name)]


class StackConfig(Options):
    """All values under `slipway:` in a stack file."""

    cluster: Annotated[ClusterOptions, RegisteredKind(registry.CLUSTERS)]
    """The cluster that the stack runs on"""
    addons: Addons = Field(default_factory=dict)
    """Add-ons, which are installed once on a cluster, by name. With `{}` or options the stack
    installs the add-on. With `{kind: present}` the cluster has it already. The stack also installs
    those that are not named here and that a model or the gateway needs, unless the cluster comes
    with them. A cluster holds each once, so a second stack on it writes `{kind: present}`"""
    gateway: Annotated[GatewayOptions | None, RegisteredKind(registry.GATEWAYS)] = None
    """The endpoint of the models for clients outside the cluster. A stack without a gateway has no
    models: it is the platform of other stacks, whose cluster is a `reference` to it"""
    namespace: Annotated[Label, BeforeValidator(_namespace)] = "models"
    """The namespace of the models. The stack creates it"""
    models: dict[ModelName, Annotated[ModelOptions, RegisteredKind(registry.RUNTIMES)]] = Field(
        default_factory=dict
    )
    """The models, by name"""
    volumes: dict[Label, VolumeOptions] = Field(default_factory=dict)
    """PersistentVolumeClaims that the stack creates, by name"""
    metrics: Annotated[
        AddonChoice | None,
        OneAddon(METRICS_ADDON, short=True),
        Field(json_schema_extra={"deprecated": True}),
    ] = None
    """The old name of `addons.metrics-server`"""
    images: ImagesOptions = ImagesOptions()
    limits: LimitsOptions = LimitsOptions()
    secrets: dict[str, SecretStr] = Field(default_factory=dict)
    """Values set by `pulumi config set --path --secret`. Other keys refer to them by
    `{secret: name}`"""

    @property
    def chosen_addons(self) -> dict[str, AddonChoice]:
        """`addons`, and the one that `metrics` is the old name of."""
        old = {} if self.metrics is None else {METRICS_ADDON: self.metrics}
        return {**old, **self.addons}
