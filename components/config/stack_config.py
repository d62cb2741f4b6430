"""`StackConfig`: the whole environment that a stack file describes."""

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

#: Pulumi adds `-` and eight characters to a name, and we a role: 63 leaves room for 40.
LONGEST_MODEL_NAME = 40
#: A model's name is the first part of its path; these mean something else there.
RESERVED_PATHS = frozenset({"v1", "v2", "healthz", "metrics", "ping"})
#: What a model's directory and its route can both carry.
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
    """Refuses what would be a namespace of others', also when it is spelled as a namespace is."""
    name = kubernetes_name(raw)
    if name.startswith("kube-") or name in ("default", GATEWAY_NAMESPACE):
        raise mistake("a namespace of the stack's own", "write another, such as `models`")
    return raw


#: The add-on that `slipway:metrics` is the old name of.
METRICS_ADDON = "metrics-server"
ModelName = Annotated[str, AfterValidator(_model_name)]


class StackConfig(Options):
    """Everything a stack file says under `slipway:`."""

    cluster: Annotated[ClusterOptions, RegisteredKind(registry.CLUSTERS)]
    """Where the stack runs"""
    addons: Addons = Field(default_factory=dict)
    """What is installed once on a cluster, by name: `{}` pins what a model or a gateway needs and
    configures it, `{kind: present}` adopts what the cluster has. Left out, this stack installs what
    is needed and not there. A cluster holds one of each: a second stack says `present`"""
    gateway: Annotated[GatewayOptions | None, RegisteredKind(registry.GATEWAYS)] = None
    """How models are reached from outside. A stack without one has no models: it is the platform
    of stacks that have, whose cluster is a `reference` to it"""
    namespace: Annotated[Label, BeforeValidator(_namespace)] = "models"
    """The namespace that the models run in; the stack makes it"""
    models: dict[ModelName, Annotated[ModelOptions, RegisteredKind(registry.RUNTIMES)]] = Field(
        default_factory=dict
    )
    """The models, by name"""
    volumes: dict[Label, VolumeOptions] = Field(default_factory=dict)
    """The PersistentVolumeClaims that the stack makes, by name"""
    metrics: Annotated[
        AddonChoice | None,
        OneAddon(METRICS_ADDON, short=True),
        Field(json_schema_extra={"deprecated": True}),
    ] = None
    """The old name of `addons.metrics-server`"""
    images: ImagesOptions = ImagesOptions()
    limits: LimitsOptions = LimitsOptions()
    secrets: dict[str, SecretStr] = Field(default_factory=dict)
    """Values set with `pulumi config set --path --secret`, referred to as `{secret: name}`"""

    @property
    def chosen_addons(self) -> dict[str, AddonChoice]:
        """`addons`, by whichever name they were given."""
        old = {} if self.metrics is None else {METRICS_ADDON: self.metrics}
        return {**old, **self.addons}
