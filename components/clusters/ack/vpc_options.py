"""The options of the VPC of a cluster on ACK: made for the cluster, or an existing one."""

from __future__ import annotations

import ipaddress
from typing import Literal

from pydantic import field_validator, model_validator

from components.clusters.ack.identifiers import VpcId, VswitchId
from components.clusters.cloud import CreateVpc, VpcOptions
from components.clusters.ranges import enough_zones
from components.config.options import mistake
from components.config.values import Cidr

#: Reserved by Alibaba Cloud: no VPC may use it.
_RESERVED = ipaddress.ip_network("100.64.0.0/10")
#: With more zones, the pods of each would have too few addresses.
MOST_ZONES = 4


class AckCreateVpc(CreateVpc):
    """A VPC made for the cluster: a vSwitch for nodes and one for pods in each zone, and a NAT
    gateway through which all of them reach the Internet."""

    kind: Literal["create"]

    @field_validator("cidr")
    @classmethod
    def _not_reserved(cls, value: str) -> str:
        if ipaddress.ip_network(value).overlaps(_RESERVED):
            raise mistake(f"a range outside {_RESERVED}", "write `10.0.0.0/16`")
        return value

    @field_validator("zones")
    @classmethod
    def _two_to_four(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not 2 <= len(set(value)) == len(value) <= MOST_ZONES:
            near = enough_zones(value, 2, MOST_ZONES)
            raise mistake(
                f"from 2 to {MOST_ZONES} different zones, such as `[cn-hangzhou-i, cn-hangzhou-j]`: "
                "the API's load balancer needs two",
                f"write `{near}`" if near else "write two zones of the region",
            )
        return value

    @property
    def all_zones(self) -> tuple[str, ...]:
        """The zones that have vSwitches."""
        return self.zones

    @model_validator(mode="after")
    def _some_zones(self) -> AckCreateVpc:
        if not self.zones:
            raise mistake(
                "`zones` such as `[cn-hangzhou-i, cn-hangzhou-j]`: the API's load balancer needs "
                "two",
                "write two zones of the region",
            )
        return self


class AckExistingVpc(VpcOptions):
    """An existing VPC with access to the Internet. In it the stack makes only the cluster, its load
    balancers and flow logs."""

    kind: Literal["existing"]
    id: VpcId
    """The VPC's ID"""
    cidr: Cidr
    """The address range of the VPC, from which the API and shared storage are reached"""
    nodes: dict[str, VswitchId]
    """The vSwitches of nodes, by zone; at least two"""
    pods: dict[str, VswitchId]
    """The vSwitches of pods, in the same zones"""

    @property
    def all_zones(self) -> tuple[str, ...]:
        """The zones that have vSwitches."""
        return tuple(self.nodes)

    @model_validator(mode="after")
    def _same_zones(self) -> AckExistingVpc:
        if len(self.nodes) < 2:
            raise mistake(
                "`nodes` in at least two zones: the API's load balancer needs them",
                "add a vSwitch in another zone",
            )
        if self.nodes.keys() != self.pods.keys():
            missing = min(self.nodes.keys() ^ self.pods.keys())
            raise mistake(
                "`nodes` and `pods` in the same zones: a pod's address is of its node's zone",
                f"name a vSwitch of {missing} in both",
            )
        return self
