"""What a model source promises a runtime."""

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
    """A PersistentVolumeClaim of the stack's own; `one_node`: one node at a time can mount it."""

    name: pulumi.Output[str]
    one_node: bool


@dataclass(frozen=True, kw_only=True)
class ModelFiles:
    """One model's files in a pod, as parts of a pod's spec.

    `path` is the absolute directory that holds the model's versions. `volumes` of one name are the
    same volume. `init_containers` are init containers, without what every container of a pod has
    (`components/workload.py`). All pods that have one of the labels `colocation_labels` run on one node.
    `egress` are rules of a NetworkPolicy for what `init_containers` connects to."""

    path: str
    volumes: Sequence[Fields] = ()
    mounts: Sequence[Fields] = ()
    init_containers: Sequence[Fields] = ()
    colocation_labels: Mapping[str, str] = field(default_factory=dict)
    egress: Sequence[Fields] = ()


class ModelSource(Protocol):
    """Where a model's files come from."""

    bucket_access: Sequence[BucketAccess]
    """What the pod's service account reads them by; empty where no identity is needed."""

    def files(self, at: str | None, identity: Identity = NO_IDENTITY) -> ModelFiles:
        """The model's files, in the absolute directory `at`, or wherever suits the source. One with
        `bucket_access` is told the identity that has them."""
        ...


@dataclass(frozen=True, kw_only=True)
class SourceArgs:
    """Everything a source is told; `opts` are for the objects that it makes."""

    model: str
    namespace: pulumi.Output[str]
    claims: Mapping[str, Claim]
    images: Images
    opts: pulumi.ResourceOptions


class SourceFactory(Protocol):
    """The class of a model source, as a stack calls it. `options` are of the class that the
    registry names beside it."""

    def __call__(self, options: Any, args: SourceArgs, /) -> ModelSource: ...
