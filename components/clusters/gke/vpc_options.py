"""The options of the VPC network of a GKE cluster: made for the cluster, or an existing one."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from components.clusters.cloud import CreateVpc, VpcOptions
from components.clusters.ranges import ip_range


class GkeCreateVpc(CreateVpc):
    """A network made for the cluster: one subnet, whose nodes have no public addresses and reach
    the Internet through Cloud NAT."""

    kind: Literal["create"]
    zones: tuple[str, ...] = Field(default=(), strict=False)
    """Zones of the nodes. Default: three zones of the region, chosen by GKE"""
    pods: Annotated[str, *ip_range("10.4.0.0/14", 21, 9, ("0.0.0.0/0",))] = "10.4.0.0/14"
    """The address range of the pods, of which each node takes a /24"""

    @property
    def ranges(self) -> tuple[str, ...]:
        return (self.cidr, self.pods)


class GkeExistingVpc(VpcOptions):
    """An existing network. To pull images, its nodes need Cloud NAT or a registry inside the
    network."""

    kind: Literal["existing"]
    network: str
    """Name of the network; for a Shared VPC `projects/<host project>/global/networks/<name>`"""
    subnetwork: str
    """Name of the nodes' subnet, in the region; for a Shared VPC
    `projects/<host project>/regions/<region>/subnetworks/<name>`"""
    pods: str
    """Name of the subnet's secondary range for pods"""
    services: str
    """Name of the subnet's secondary range for Services"""
