"""The kinds that a stack file may name, each with the module of its options and of its component.

Loading a stack file imports only the options. A component is imported once a stack uses it: a
cloud's SDK takes 160 to 290 MB of memory."""

from __future__ import annotations

import functools
import importlib
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

if TYPE_CHECKING:
    from components.config.addon_options import AddonOptions
    from components.config.cluster_options import ClusterOptions
    from components.config.gateway_options import ControllerOptions, GatewayOptions
    from components.config.model_options import ModelOptions, SourceOptions
    from components.config.options import Options
    from components.contracts.addon import AddonFactory
    from components.contracts.cluster import ClusterFactory
    from components.contracts.identity import RemoteIdentityFactory
    from components.contracts.routing import GatewayFactory
    from components.contracts.serving import RuntimeFactory
    from components.contracts.source import SourceFactory
    from components.gateways.controller import ControllerFactory

O_co = TypeVar("O_co", covariant=True)
F_co = TypeVar("F_co", covariant=True)


@dataclass(frozen=True)
class Kind:
    """Two classes, as `module:Class`. Both may be in one module."""

    options: str
    component: str


class Area(Generic[O_co, F_co]):
    """The kinds of one part of a stack file. `O_co` is the base class of their options. `F_co` is
    the signature of their components, whose result keeps the contract of the area."""

    def __init__(self, name: str, kinds: dict[str, Kind], key: str = "kind") -> None:
        self.name = name
        self.entries = kinds
        self.key = key
        """The key of the map that names the kind."""

    def admits(self, options: type[O_co], component: F_co) -> None:  # type: ignore[misc]
        """For type checkers, which reject classes that do not keep the contract of this area."""

    def kinds(self) -> list[str]:
        """The kinds that a stack file may name, sorted."""
        return sorted(self.entries)

    def options(self, kind: str) -> type[O_co]:
        """The options class of `kind`. Raises `KeyError` for a kind that is not registered."""
        return cast("type[O_co]", _load(self.entries[kind].options))

    def component(self, kind: str) -> F_co:
        """The component of `kind`, which this imports. Raises `KeyError` for a kind that is not
        registered."""
        return cast("F_co", _load(self.entries[kind].component))


CLUSTERS: Area[ClusterOptions, ClusterFactory] = Area(
    "clusters",
    {
        "ack": Kind(
            "components.clusters.ack.options:AckOptions",
            "components.clusters.ack.cluster:AckCluster",
        ),
        "eks": Kind(
            "components.clusters.eks.options:EksOptions",
            "components.clusters.eks.cluster:EksCluster",
        ),
        "existing": Kind(
            "components.clusters.existing_options:ExistingOptions",
            "components.clusters.existing:ExistingCluster",
        ),
        "gke": Kind(
            "components.clusters.gke.options:GkeOptions",
            "components.clusters.gke.cluster:GkeCluster",
        ),
        "local": Kind(
            "components.clusters.local_options:LocalOptions",
            "components.clusters.local:LocalCluster",
        ),
        "reference": Kind(
            "components.clusters.reference_options:ReferenceOptions",
            "components.clusters.reference:ReferenceCluster",
        ),
    },
)
ADDONS: Area[AddonOptions, AddonFactory] = Area(
    "addons",
    {
        "metrics-server": Kind(
            "components.addons.metrics_server_options:MetricsServerOptions",
            "components.addons.metrics_server:MetricsServer",
        ),
    },
)
GATEWAYS: Area[GatewayOptions, GatewayFactory] = Area(
    "gateways",
    {
        "nginx": Kind(
            "components.gateways.nginx_options:NginxOptions",
            "components.gateways.nginx:NginxGateway",
        ),
    },
)
CONTROLLERS: Area[ControllerOptions, ControllerFactory] = Area(
    "controllers",
    {
        "ingress-nginx": Kind(
            "components.gateways.controllers.ingress_nginx_options:IngressNginxOptions",
            "components.gateways.controllers.ingress_nginx:IngressNginx",
        ),
        "present": Kind(
            "components.gateways.controllers.present_options:PresentOptions",
            "components.gateways.controllers.present:PresentController",
        ),
        "traefik": Kind(
            "components.gateways.controllers.traefik_options:TraefikOptions",
            "components.gateways.controllers.traefik:Traefik",
        ),
    },
)
RUNTIMES: Area[ModelOptions, RuntimeFactory] = Area(
    "runtimes",
    {
        "custom": Kind(
            "components.runtimes.custom_options:CustomOptions",
            "components.runtimes.custom:Custom",
        ),
        "tfserving": Kind(
            "components.runtimes.tfserving_options:TfServingOptions",
            "components.runtimes.tfserving:TfServing",
        ),
        "triton": Kind(
            "components.runtimes.triton_options:TritonOptions",
            "components.runtimes.triton:Triton",
        ),
    },
    key="runtime",
)
SOURCES: Area[SourceOptions, SourceFactory] = Area(
    "sources",
    {
        kind: Kind(
            f"components.sources.{kind}_options:{name}Options",
            f"components.sources.{kind}:{name}Source",
        )
        for kind, name in {
            "gcs": "Gcs",
            "image": "Image",
            "nfs": "Nfs",
            "oss": "Oss",
            "pvc": "Pvc",
            "s3": "S3",
        }.items()
    },
)
#: Workload identity on a cluster of another stack, by the kind of that cluster.
IDENTITIES: Area[ClusterOptions, RemoteIdentityFactory] = Area(
    "identities",
    {
        "ack": Kind(
            "components.clusters.ack.options:AckOptions",
            "components.clusters.ack.remote_identity:AckRemoteIdentity",
        ),
        "eks": Kind(
            "components.clusters.eks.options:EksOptions",
            "components.clusters.eks.remote_identity:EksRemoteIdentity",
        ),
        "gke": Kind(
            "components.clusters.gke.options:GkeOptions",
            "components.clusters.gke.remote_identity:GkeRemoteIdentity",
        ),
    },
)

#: Every area, by its name.
AREAS = MappingProxyType(
    {
        area.name: area
        for area in cast(
            "tuple[Area[Options, Any], ...]",
            (CLUSTERS, ADDONS, GATEWAYS, CONTROLLERS, RUNTIMES, SOURCES, IDENTITIES),
        )
    }
)


@functools.cache
def _load(path: str) -> object:
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


def contracts() -> str:
    """Python source that a type checker accepts if every registered class keeps its contract. The
    registry itself imports classes by name, which a type checker cannot follow."""
    lines = ["from components import registry"]
    for area in AREAS.values():
        for index, kind in enumerate(area.entries.values()):
            for path, alias in ((kind.options, "O"), (kind.component, "C")):
                module, _, name = path.partition(":")
                lines.append(f"from {module} import {name} as {alias}{area.name}{index}")
            names = f"O{area.name}{index}, C{area.name}{index}"
            lines.append(f"registry.{area.name.upper()}.admits({names})")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    print(contracts(), end="")
