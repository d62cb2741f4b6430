"""Workload identity: the access that a model source needs, and what gives it to the pods."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pulumi

from components.config.provider_keys import Settings


@dataclass(frozen=True, kw_only=True)
class BucketAccess:
    """Read access to all objects under a bucket prefix, such as `s3://bucket/models/`."""

    url: str


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Workload identity of a service account: `annotations` of the account, and resources (`needs`)
    that must exist before its first pod. If the cloud's CSI driver reads the bucket instead of the
    pods, `mount` has the attributes of the volume that the driver mounts."""

    annotations: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    needs: Sequence[pulumi.Resource] = ()
    mount: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


NO_IDENTITY = Identity()
#: Returns the value of a key in the other stack's output `cluster.identity`.
IdentityOutput = Callable[[str], pulumi.Output[str]]


class RemoteIdentity(Protocol):
    """Workload identity on a cluster that another stack created."""

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
    cluster. `settings` configure the cloud's provider."""

    def __call__(
        self, name: str, cluster: Any, identity_output: IdentityOutput, settings: Settings, /
    ) -> RemoteIdentity: ...
