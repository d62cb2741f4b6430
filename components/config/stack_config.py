"""`StackConfig`: the whole environment that a stack file describes."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from components import registry
from components.config.accelerators import NodePoolOptions
from components.config.durations import duration
from components.config.kinds import Chosen
from components.config.model_options import ModelOptions
from components.config.node_images import NodeImages
from components.config.options import Options, likely, listed, mistake
from components.config.provider_keys import KUBERNETES, ProviderKeys, Settings
from components.config.pull_secrets import PullSecrets
from components.config.quantities import Bytes, amount
from components.config.values import (
    ChartRepository,
    Cidr,
    Digest,
    HostName,
    Label,
    Mirror,
    TaggedImage,
    kubernetes_name,
)

#: Pulumi adds `-` and eight characters to a name, and we a role: 63 leaves room for 40.
LONGEST_MODEL_NAME = 40
#: A model's name is the first part of its path; these mean something else there.
RESERVED_PATHS = frozenset({"v1", "v2", "healthz", "metrics", "ping"})
#: The gateway's own namespace. NetworkPolicies of the models name it, so it is fixed.
GATEWAY_NAMESPACE = "slipway-gateway"
#: As Kubernetes spells them, and as kubectl prints them.
_ACCESS_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX"}
#: What a model's directory and its route can both carry.
MODEL_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*[A-Za-z0-9]|[A-Za-z]")


_UpToAnHour = Annotated[str, *duration("1s", "1h")]


class ClusterOptions(Options):
    """Where the stack runs."""

    identities: ClassVar[frozenset[str]] = frozenset()
    """Schemes of the buckets (`s3`, `gs`) that pods can be let in to without a key."""
    _settings: Mapping[str, Settings] = PrivateAttr(default_factory=dict)

    kind: str

    @classmethod
    def lets_in_to(cls, raw: Mapping[str, Any]) -> frozenset[str]:
        """`identities` of the cluster that `raw` describes."""
        return cls.identities

    @classmethod
    def provider_keys(cls, raw: Mapping[str, Any]) -> Sequence[ProviderKeys]:
        """What the providers of the cluster that `raw` describes take from a stack file."""
        return (KUBERNETES,)

    def settings(self, package: str) -> Settings:
        """What the stack file says under `<package>:`, by key."""
        return self._settings.get(package, {})

    @model_validator(mode="after")
    def _keep_settings(self, info: ValidationInfo) -> ClusterOptions:
        self._settings = (info.context or {}).get("settings", {})
        return self

    def unreachable(self) -> str | None:
        """Why the cluster does not answer, None where it does or where that is not known."""
        return None

    def pools(self) -> Mapping[str, NodePoolOptions]:
        """Its nodes, as far as models choose between them."""
        return {}

    def node_images(self) -> NodeImages | None:
        """What its nodes can run, where they pull from no registry; None where they do."""
        return None

    def access_modes(self) -> frozenset[str] | None:
        """The access modes of volumes that its own StorageClasses make; None where that is not
        known."""
        return None


class ControllerOptions(Options):
    """What serves the gateway's routes."""

    kind: str

    def images(self) -> tuple[str, ...]:
        """The images that its pods run, by their upstream references."""
        return ()


class MetricsOptions(Options):
    """What serves `metrics.k8s.io`, the API that autoscalers read the load of pods from."""

    kind: str

    def images(self) -> tuple[str, ...]:
        """The images that its pods run, by their upstream references."""
        return ()


class GatewayOptions(Options):
    """How models are reached from outside the cluster."""

    kind: str
    host: HostName | None = None
    """Host name of the models; without one, the load balancer's own name or address"""
    allow: tuple[Cidr, ...] = Field(default=(), strict=False)
    """Address ranges that may connect; all of them where the list is empty"""

    def images(self, usual_controller: str) -> tuple[str, ...]:
        """The images that its pods run, by their upstream references; its controller is of the kind
        `usual_controller` where the stack does not choose."""
        return ()


class ImagesOptions(Options):
    """Where images and charts are pulled from."""

    mirror: Mirror | None = None
    """A registry that has every image under the name it has upstream, host left out"""
    pull_policy: Literal["Always", "IfNotPresent"] = "Always"
    """`Always` asks the registry for each new pod which image a tag is, and whether the pod may
    have it; no pod starts while the registry does not answer. `IfNotPresent` takes what is on
    the node, which is right for images that are on the nodes and in no registry"""
    digests: dict[TaggedImage, Digest] = Field(default_factory=dict)
    """Digests of images that the program names by a tag: `{"tensorflow/serving:2.19.1":
    "sha256:…"}`, as they are named upstream. What a tag means can change, a digest cannot"""
    charts: ChartRepository | None = None
    """A chart repository that has the charts of all vendors"""
    pull_secrets: PullSecrets = ()
    """Credentials for private registries. Every pod of the stack has them, in each namespace"""


class LimitsOptions(Options):
    """How large and how long a call may be; gateway and servers are set from this alone."""

    message_size: Annotated[str, *amount("1Mi", "2047Mi")] = "64Mi"
    """The largest request: at least 1Mi, at most 2047Mi (protobuf's own limit is 2 GiB)"""
    deadline: _UpToAnHour = "90s"
    """The longest call or stream, from 1s to 1h"""
    idle: _UpToAnHour = "3m"
    """How long a connection without a call is kept, from 1s to 1h"""
    drain: _UpToAnHour = "10s"
    """How long a pod that is told to stop goes on answering, from 1s to 1h: until every proxy in
    front of it, the cloud's load balancer among them, has left it out"""
    streams: int = Field(default=128, ge=1, le=1000)
    """Calls at once on one connection. The gateway's memory grows with it: 3 MiB for each stream"""


class VolumeOptions(Options):
    """A PersistentVolumeClaim that the stack makes, named by its key."""

    size: Bytes
    access_mode: str = "ReadWriteOnce"
    """ReadWriteOnce, ReadOnlyMany or ReadWriteMany. A ReadWriteOnce volume is on one node at a
    time: all pods of the models in it run on that node, and go down together when it is drained"""
    storage_class: Label | None = None
    """The cluster's default where it is left out"""

    @field_validator("access_mode")
    @classmethod
    def _known_mode(cls, value: str) -> str:
        expected = listed(_ACCESS_MODES)
        if value == "ReadWriteOncePod":
            raise mistake(
                expected,
                "write `ReadWriteOnce`, or `ReadWriteMany` where pods run on several nodes: a "
                "model's next pod starts beside the last one",
            )
        if value not in _ACCESS_MODES:
            near = difflib.get_close_matches(value, _ACCESS_MODES, n=1)
            near += [mode for mode, short in _ACCESS_MODES.items() if short == value]
            raise mistake(expected, f"did you mean `{near[0]}`?" if near else "choose one of these")
        return value

    @model_validator(mode="after")
    def _made_by_some_class(self, info: ValidationInfo) -> VolumeOptions:
        there = (info.context or {}).get("access_modes")
        if there is None or self.storage_class or self.access_mode in there:
            return self
        raise mistake(
            f"an access mode of the cluster's own volumes: {', '.join(sorted(there))}",
            "write `shared_storage: true` in `slipway:cluster`, or name a storage class that makes "
            "such volumes",
        )


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


ModelName = Annotated[str, AfterValidator(_model_name)]


class StackConfig(Options):
    """Everything a stack file says under `slipway:`."""

    cluster: Annotated[ClusterOptions, Chosen("clusters")]
    """Where the stack runs"""
    gateway: Annotated[GatewayOptions | None, Chosen("gateways")] = None
    """How models are reached from outside. A stack without one has no models: it is the platform
    of stacks that have, whose cluster is a `reference` to it"""
    namespace: Annotated[Label, BeforeValidator(_namespace)] = "models"
    """The namespace that the models run in; the stack makes it"""
    models: dict[ModelName, Annotated[ModelOptions, Chosen("runtimes", "runtime")]] = Field(
        default_factory=dict
    )
    """The models, by name"""
    volumes: dict[Label, VolumeOptions] = Field(default_factory=dict)
    """The PersistentVolumeClaims that the stack makes, by name"""
    metrics: Annotated[MetricsOptions | None, Chosen("metrics", short=True)] = None
    """What serves `metrics.k8s.io`, by which models are scaled: `metrics-server`, installed by
    this stack into the namespace `slipway-metrics`, or `present` where the cluster has it. Left
    out, it is the cluster's usual one, and none where no model is scaled: `local` has none of its
    own, `existing` is taken to have one. A cluster holds one: a second stack says `present`"""
    images: ImagesOptions = ImagesOptions()
    limits: LimitsOptions = LimitsOptions()
    secrets: dict[str, SecretStr] = Field(default_factory=dict)
    """Values set with `pulumi config set --path --secret`, referred to as `{secret: name}`"""

    def chosen_metrics(self, usual: str) -> MetricsOptions | None:
        """What serves `metrics.k8s.io`, of the kind `usual` where a model scales and the stack does
        not choose; None where nothing has to."""
        if self.metrics is not None:
            return self.metrics
        if not any(options.replicas.scales for options in self.models.values()):
            return None
        model = registry.implementation("metrics", usual).options
        made: MetricsOptions = model.model_validate({"kind": usual})
        return made

    @field_validator("cluster")
    @classmethod
    def _tell_models(cls, value: ClusterOptions, info: ValidationInfo) -> ClusterOptions:
        """What a model may ask for is what its nodes have; models are validated after this."""
        if info.context is not None:
            info.context["node_pools"] = value.pools()
            info.context["access_modes"] = value.access_modes()
        return value
