"""Options that every kind of cluster has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import (
    PrivateAttr,
    ValidationInfo,
    model_validator,
)

from components.config.accelerators import NodePoolOptions
from components.config.addon_options import Capability
from components.config.node_images import NodeImages
from components.config.options import Options
from components.config.provider_keys import KUBERNETES, ProviderKeys, Settings


class ClusterOptions(Options):
    """The cluster that the stack runs on."""

    identities: ClassVar[frozenset[str]] = frozenset()
    """Schemes of the buckets (`s3`, `gs`) that workload identity of the cloud gives access to."""
    default_controller: ClassVar[str] = "traefik"
    """The controller of an `nginx` gateway if the stack file names none."""
    provides: ClassVar[frozenset[Capability]] = frozenset()
    """The capabilities that such a cluster comes with."""
    requires: ClassVar[frozenset[Capability]] = frozenset()
    """The capabilities that add-ons have to provide on it, whatever the stack serves."""
    remote_keys: ClassVar[ProviderKeys | None] = None
    """Settings that a stack which refers to such a cluster may have for the cloud's provider, which
    creates workload identities there; None if such a stack creates none."""
    _settings: Mapping[str, Settings] = PrivateAttr(default_factory=dict)

    kind: str

    @property
    def identity_schemes(self) -> frozenset[str]:
        """Schemes of the buckets that pods of this cluster may read by their workload identity."""
        return self.identities

    @property
    def lacks_identity_kind(self) -> bool:
        """Whether the stack file may name the kind of workload identity, and does not."""
        return False

    @property
    def dns_zone(self) -> str | None:
        """The DNS zone in which the gateway's host gets a record."""
        return None

    @classmethod
    def provider_keys(cls, raw: Mapping[str, Any]) -> Sequence[ProviderKeys]:
        """The settings that the providers of a cluster with the options `raw` accept."""
        return (KUBERNETES,)

    @classmethod
    def require_sdk(cls) -> None:
        """Raises a mistake if the cloud's SDK is not installed."""

    def settings(self, package: str) -> Settings:
        """The settings under `<package>:` in the stack file, by key."""
        return self._settings.get(package, {})

    @model_validator(mode="after")
    def _keep_settings(self, info: ValidationInfo) -> ClusterOptions:
        self._settings = (info.context or {}).get("settings", {})
        return self

    def unreachable(self) -> str | None:
        """Why the cluster does not answer; None if it does, or if that is not known."""
        return None

    def pools(self) -> Mapping[str, NodePoolOptions]:
        """The node pools that models may choose, by name."""
        return {}

    def node_images(self) -> NodeImages | None:
        """The images of its nodes if they pull from no registry; None if they pull."""
        return None

    def access_modes(self) -> frozenset[str] | None:
        """The access modes of volumes that its StorageClasses provision; None if not known."""
        return None
