"""`ModelOptions`: what a stack file says of any model; a runtime's own options extend it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from components import registry
from components.config.accelerators import Accelerator
from components.config.addon_options import Capability
from components.config.durations import duration
from components.config.environment import Value, Variable
from components.config.expose import ExposeOptions
from components.config.options import Options, SecretReference, mistake
from components.config.quantities import Bytes, Cpu, byte_count, cores
from components.config.registered_kind import RegisteredKind
from components.config.replicas import NumberOrReplicas, Replicas
from components.config.values import Image, Label, LabelReference


class Amounts(Options):
    """How much of a node one replica asks for, or may use."""

    cpu: Cpu | None = None
    memory: Bytes | None = None


class Resources(Options):
    """Requests decide which node has room for a replica, limits what it may use there. What is
    left out is the runtime's default; a limit that is left out is at least the request."""

    requests: Amounts = Amounts()
    limits: Amounts = Amounts()

    @model_validator(mode="after")
    def _limits_hold_requests(self) -> Resources:
        for key, number in (("cpu", cores), ("memory", byte_count)):
            asked, allowed = getattr(self.requests, key), getattr(self.limits, key)
            if asked and allowed and number(asked) > number(allowed):
                raise mistake(
                    f"`limits.{key}` of at least `requests.{key}` ({asked})",
                    f"write `{asked}` in `limits.{key}`, or `{allowed}` in `requests.{key}`",
                )
        return self


class SourceOptions(Options):
    """Where a model's files come from."""

    scheme: ClassVar[str | None] = None
    """The scheme of the bucket's address, such as `s3`; None for sources that are no buckets."""

    kind: str

    @property
    def needs_identity(self) -> bool:
        """Whether pods read a bucket by their workload identity."""
        return False

    def images(self) -> tuple[str, ...]:
        """The images that pods run to get the files, by their upstream references."""
        return ()


class ModelOptions(Options):
    """What is said of every model, whatever serves it."""

    of_one_model: ClassVar[frozenset[str]] = frozenset({"source", "server"})
    """What speaks of the model alone; all else of its server, which models may share."""
    memory_per_message_byte: ClassVar[int] = 0
    """What a server holds for each byte of the largest request; 0 where that is not known."""
    renamed: ClassVar[Mapping[str, str]] = {}
    """Keys with a new name, which the old one is still taken for."""

    runtime: str
    server: Label | None = None
    """Models with the same name here share one server, and are ready together. What they say of
    the server, such as `replicas`, stands in one of them, or the same in several. Left out, the
    model has a server of its own"""
    source: Annotated[SourceOptions, RegisteredKind(registry.SOURCES)]
    """Where the model's files come from"""
    replicas: NumberOrReplicas = Replicas()
    """Pods that serve the model: a number, or `min` and `max` and what decides between them"""
    resources: Resources = Resources()
    image: Image | None = None
    """The server's image, where it is not the runtime's own pin"""
    accelerator: Accelerator | None = None
    """What each replica has to itself. It runs on nodes of the pools of `slipway:cluster` that
    have it, and on no others"""
    node_pool: LabelReference | None = None
    """The pool of `slipway:cluster` whose nodes its replicas run on, and on no others; they
    tolerate its taints. Left out, they run on any node without taints, or where their accelerator
    is"""
    surge: bool = True
    """Whether a new replica starts beside the old ones, which takes room for one more, and with
    an accelerator a spare one. False: an old replica stops first, so a model with a single one
    is not served until the new one answers, or at all if it never does"""
    expose: ExposeOptions | None = None
    """A load balancer of the server's own in place of the gateway"""
    arguments: tuple[str, ...] = Field(default=(), strict=False)
    """Flags of the server, beside those that the program sets. `$(NAME)` stands for a variable of
    `environment`"""
    environment: dict[Variable, Value] = Field(default_factory=dict)
    """Variables of the server's environment: text, or `{secret: name}` for a value of
    `slipway:secrets`, which stands in a Secret and not in the pod's description"""
    startup_timeout: Annotated[str, *duration("1s", "24h")] = "10m"
    """How long a new replica may take until the model answers: a place on a node, the image and
    the model's files included, from 1s to 24h. After that the roll-out has failed and `up` says
    why"""

    def server_image(self) -> str:
        """The image of the server, by its upstream reference."""
        raise NotImplementedError

    @property
    def requires(self) -> Mapping[Capability, str]:
        """What has to be on the cluster before the model's objects, with the key that says so."""
        return {}

    @property
    def uses(self) -> Mapping[Capability, str]:
        """What the model needs on the cluster once it runs, with the key that says so."""
        return {Capability.METRICS_API: "replicas"} if self.replicas.scales else {}

    @property
    def server_arguments(self) -> tuple[str, ...]:
        """`arguments`, by whichever name they were given."""
        return self.arguments

    @property
    def server_environment(self) -> Mapping[str, str | SecretReference]:
        """`environment`, by whichever name it was given."""
        return self.environment
