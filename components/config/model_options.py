"""`ModelOptions`: options that every runtime has. Each runtime has a subclass with its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from components import registry
from components.config.accelerators import Accelerator
from components.config.addon_options import METRICS_API, Capability
from components.config.durations import duration
from components.config.environment import Value, Variable
from components.config.expose import ExposeOptions
from components.config.options import Options, SecretReference, mistake
from components.config.quantities import Bytes, Cpu, byte_count, cores
from components.config.registered_kind import RegisteredKind
from components.config.replicas import NumberOrReplicas, Replicas
from components.config.values import Image, Label, LabelReference


class Amounts(Options):
    """An amount of CPU and memory for one replica."""

    cpu: Cpu | None = None
    memory: Bytes | None = None


class Resources(Options):
    """Requests determine which nodes have room for a replica, and limits what it may use there.
    Values that are left out have the runtime's defaults. A default limit is at least the request."""

    requests: Amounts = Amounts()
    limits: Amounts = Amounts()

    @model_validator(mode="after")
    def _limits_hold_requests(self) -> Resources:
        for key, number in (("cpu", cores), ("memory", byte_count)):
            request, limit = getattr(self.requests, key), getattr(self.limits, key)
            if request and limit and number(request) > number(limit):
                raise mistake(
                    f"`limits.{key}` of at least `requests.{key}` ({request})",
                    f"write `{request}` in `limits.{key}`, or `{limit}` in `requests.{key}`",
                )
        return self


class SourceOptions(Options):
    """The source of a model's files."""

    scheme: ClassVar[str | None] = None
    """The scheme of the bucket's address, such as `s3`; None for sources that are no buckets."""

    kind: str

    @property
    def needs_identity(self) -> bool:
        """Whether pods read a bucket by their workload identity."""
        return False

    def images(self) -> tuple[str, ...]:
        """The images that pods run to copy the files, by their upstream references."""
        return ()


class ModelOptions(Options):
    """Options of a model, whatever its runtime is."""

    of_one_model: ClassVar[frozenset[str]] = frozenset({"source", "server"})
    """Keys that apply to one model; all others apply to its server, which models may share."""
    memory_per_message_byte: ClassVar[int] = 0
    """Bytes of memory that a server needs for each byte of the largest request; 0 if not known."""
    renamed: ClassVar[Mapping[str, str]] = {}
    """The new names of keys whose old names are still valid."""

    runtime: str
    server: Label | None = None
    """The name of a server that models share. They become ready together. Options of the server,
    such as `replicas`, are set in one of its models, or to the same value in several. Left out,
    the model has a server of its own"""
    source: Annotated[SourceOptions, RegisteredKind(registry.SOURCES)]
    """The source of the model's files"""
    replicas: NumberOrReplicas = Replicas()
    """The pods that serve the model: a number, or `min`, `max` and the targets of autoscaling"""
    resources: Resources = Resources()
    image: Image | None = None
    """The server's image. Left out, the one that the runtime pins"""
    accelerator: Accelerator | None = None
    """Devices that each replica has exclusively. It runs only on nodes that have them, in node pools
    of `slipway:cluster`"""
    node_pool: LabelReference | None = None
    """The node pool of `slipway:cluster` that its replicas run in. They tolerate the pool's taints.
    Left out, they run on any node without taints, or on the nodes that have their accelerator"""
    surge: bool = True
    """Whether a new replica starts before an old one stops. That takes room for one more replica,
    including its accelerator. False: an old replica stops first, so a model with one replica is
    not served until the new one answers, and stays down if that never happens"""
    expose: ExposeOptions | None = None
    """A load balancer for the server alone, in place of the gateway"""
    arguments: tuple[str, ...] = Field(default=(), strict=False)
    """Flags of the server in addition to those that the program sets. `$(NAME)` is replaced by the
    variable of `environment`"""
    environment: dict[Variable, Value] = Field(default_factory=dict)
    """Variables of the server's environment: text, or `{secret: name}` for a value of
    `slipway:secrets`. The program stores such a value in a Secret, not in the pod template"""
    startup_timeout: Annotated[str, *duration("1s", "24h")] = "10m"
    """How long a new replica may take until the model answers, from 1s to 24h. That includes
    scheduling, the image and the model's files. After that the roll-out fails and `up` reports
    why"""

    def server_image(self) -> str:
        """The image of the server, by its upstream reference."""
        raise NotImplementedError

    @property
    def requires(self) -> Mapping[Capability, str]:
        """Capabilities that the cluster has to have before the model's objects are created, each with
        the key that needs it."""
        return {}

    @property
    def uses(self) -> Mapping[Capability, str]:
        """Capabilities that the model needs once it runs, each with the key that needs it."""
        return {METRICS_API: "replicas"} if self.replicas.scales else {}

    @property
    def server_arguments(self) -> tuple[str, ...]:
        """`arguments`, under its current or its old name."""
        return self.arguments

    @property
    def server_environment(self) -> Mapping[str, str | SecretReference]:
        """`environment`, under its current or its old name."""
        return self.environment
