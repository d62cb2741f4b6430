"""The contract of a model source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pulumi

from components.contracts.identity import NO_IDENTITY, BucketAccess, Identity
from components.images import Images
from components.kubernetes.object import Fields


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A PersistentVolumeClaim of the stack. `one_node`: only one node at a time can mount it."""

    name: pulumi.Output[str]
    one_node: bool


@dataclass(frozen=True, kw_only=True)
class ModelFiles:
    """How a pod gets the files of one model, as parts of the pod's spec.

    `path` is the absolute directory that holds the model's versions. `volumes` with the same name
    are the same volume. `init_containers` lack the fields that all containers have in common, which
    `components/workload.py` adds. All pods that share one of `colocation_labels` run on the same
    node. `egress` has the NetworkPolicy rules for the connections of the init containers."""

    path: str
    volumes: Sequence[Fields] = ()
    mounts: Sequence[Fields] = ()
    init_containers: Sequence[Fields] = ()
    colocation_labels: Mapping[str, str] = field(default_factory=dict)
    egress: Sequence[Fields] = ()


class ModelSource(Protocol):
    """Where a model's files come from."""

    bucket_access: Sequence[BucketAccess]
    """The access that the pod's service account needs. Empty if the pod needs no identity."""

    def files(self, at: str | None, identity: Identity = NO_IDENTITY) -> ModelFiles:
        """The model's files in the absolute directory `at`; None: in a directory that the source
        chooses. `identity` is the pods' identity, which has the source's `bucket_access`."""
        ...


@dataclass(frozen=True, kw_only=True)
class SourceArgs:
    """The arguments of a source. `opts` apply to the objects that it creates."""

    model: str
    namespace: pulumi.Output[str]
    claims: Mapping[str, Claim]
    images: Images
    opts: pulumi.ResourceOptions


class SourceFactory(Protocol):
    """The class of a model source, as a stack calls it. The registry pairs it with the class of
    `options`."""

    def __call__(self, options: Any, args: SourceArgs, /) -> ModelSource: ...
