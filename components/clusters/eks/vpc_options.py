"""The options of the VPC of a cluster on EKS: made for the cluster, or an existing one."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from components.clusters.cloud import CreateVpc, VpcOptions
from components.clusters.eks.identifiers import SubnetId, VpcId
from components.clusters.ranges import enough_zones
from components.config.options import mistake


class EksCreateVpc(CreateVpc):
    """A VPC with a private and a public subnet in each zone. Nodes run in the private subnets and
    reach the Internet through NAT gateways. Load balancers are in the public subnets."""

    zones: tuple[str, ...] = Field(strict=False)
    """Two or three availability zones, such as `[eu-central-1a, eu-central-1b]`"""
    nat: Literal["zone", "one"] = "zone"
    """A NAT gateway in each zone, or `one` for all zones. `one` saves the cost of one or two, but
    if its zone fails, no node reaches a registry"""

    @field_validator("zones")
    @classmethod
    def _two_or_three(cls, zones: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(zones)) != len(zones) or len(zones) not in (2, 3):
            near = enough_zones(zones, 2, 3)
            fix = f"write `{near}`" if near else "write two zones of the region"
            raise mistake("two or three different zones: EKS needs two at least", fix)
        return zones


class EksExistingVpc(VpcOptions):
    """An existing VPC. Its private subnets need access to registries and the AWS API, by NAT or VPC
    endpoints. The subnets for load balancers need the tags that EKS documents. The stack adds no
    flow logs."""

    kind: Literal["existing"]
    id: VpcId
    """The VPC's ID"""
    private_subnets: dict[str, SubnetId]
    """The nodes' subnets, by availability zone; at least two"""

    @field_validator("private_subnets")
    @classmethod
    def _at_least_two(cls, subnets: dict[str, str]) -> dict[str, str]:
        if len(subnets) < 2:
            raise mistake(
                "private subnets in two zones at least",
                "add a subnet in another zone",
            )
        return subnets
