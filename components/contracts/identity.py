"""Workload identity: what a model source needs read access to, and what its pods get for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pulumi

from components.config.provider_keys import Settings


@dataclass(frozen=True, kw_only=True)
class BucketAccess:
    """Leave to read everything below a bucket's prefix."""

    url: str


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What lets the pods of a service account in: `annotations` of the account, and resources
    (`needs`) that have to be there before its first pod is. Or, where the cloud's CSI driver reads
    the bucket in their place, `mount`: attributes of a volume that it mounts."""

    annotations: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    needs: Sequence[pulumi.Resource] = ()
    mount: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


NO_IDENTITY = Identity()
#: One value of the other stack's output `cluster.identity`, by its key.
Fact = Callable[[str], pulumi.Output[str]]


class RemoteIdentity(Protocol):
    """Workload identity on a cluster that another stack made."""

    def identity(
        self,
        service_account: str,
        namespace: pulumi.Input[str],
        bucket_access: Sequence[BucketAccess],
        opts: pulumi.ResourceOptions,
    ) -> Identity:
        """As `contracts.cluster.Cluster.identity`."""
        ...


class RemoteIdentityFactory(Protocol):
    """The class of a remote identity. `cluster` is the component that refers to the other stack's
    cluster; `settings` are those of the cloud's provider."""

    def __call__(
        self, name: str, cluster: Any, fact: Fact, settings: Settings, /
    ) -> RemoteIdentity: ...
