"""`Network`: the VPC of a cluster on ACK."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence

import pulumi
from pulumi_alicloud import ecs, vpc

from components.clusters.ack.logs import Logs
from components.clusters.ack.vpc_options import AckCreateVpc, AckExistingVpc

#: A VPC is divided into eighths: the first four hold the pods of one zone each, the fifth holds the
#: nodes of all zones, and the others are free.
_PART_BITS, _NODES_PART, _ZONE_BITS = 3, 4, 2
#: The largest vSwitch is a /16.
_SHORTEST_PREFIX = 16
#: The most that an EIP address billed by traffic can send, in Mbit/s.
_BANDWIDTH = "200"


class Network(pulumi.ComponentResource):
    """A VPC made for the cluster, or an existing one, with flow logs. In a VPC that it makes, nodes
    and pods have private addresses only and reach the Internet through a NAT gateway."""

    vpc_id: pulumi.Output[str]
    nodes: Mapping[str, pulumi.Input[str]]
    """vSwitches of nodes, by zone."""
    pods: Mapping[str, pulumi.Input[str]]
    """vSwitches of pods, by zone."""
    ready: Sequence[pulumi.Resource]
    """What nodes depend on: they pull images through the NAT gateway."""

    def __init__(
        self,
        name: str,
        options: AckCreateVpc | AckExistingVpc,
        *,
        logs: Logs,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("slipway:clusters:AckNetwork", name, None, opts)
        self._name = name
        self._child = pulumi.ResourceOptions(parent=self)
        if isinstance(options, AckExistingVpc):
            self.vpc_id = pulumi.Output.from_input(options.id)
            self.nodes, self.pods = options.nodes, options.pods
            self.ready = []
        else:
            self._make_vpc(options)
        vpc.FlowLog(
            f"{name}-flow-log",
            flow_log_name=name,
            resource_type="VPC",
            resource_id=self.vpc_id,
            traffic_type="All",
            project_name=logs.project,
            log_store_name=logs.flow,
            opts=self._child,
        )
        self.register_outputs({"vpc_id": self.vpc_id})

    def _make_vpc(self, options: AckCreateVpc) -> None:
        network = vpc.Network(
            f"{self._name}-vpc",
            vpc_name=self._name,
            cidr_block=options.cidr,
            opts=self._child,
        )
        self.vpc_id = network.id
        nodes, pods = vswitch_ranges(options.cidr, options.zones)
        self.nodes = self._make_vswitches("nodes", nodes)
        self.pods = self._make_vswitches("pods", pods)
        self._make_nat(options)

    def _make_vswitches(self, role: str, cidrs: Mapping[str, str]) -> dict[str, pulumi.Output[str]]:
        return {
            zone: vpc.Switch(
                f"{self._name}-{role}-{zone}",
                vswitch_name=f"{self._name}-{role}-{zone}",
                vpc_id=self.vpc_id,
                zone_id=zone,
                cidr_block=cidr,
                opts=self._child,
            ).id
            for zone, cidr in cidrs.items()
        }

    def _make_nat(self, options: AckCreateVpc) -> None:
        """A NAT gateway, which serves all zones, with one public address."""
        gateway = vpc.NatGateway(
            f"{self._name}-nat",
            nat_gateway_name=self._name,
            vpc_id=self.vpc_id,
            vswitch_id=self.nodes[options.zones[0]],
            nat_type="Enhanced",
            network_type="internet",
            payment_type="PayAsYouGo",
            internet_charge_type="PayByLcu",
            opts=self._child,
        )
        address = ecs.EipAddress(
            f"{self._name}-address",
            address_name=self._name,
            payment_type="PayAsYouGo",
            internet_charge_type="PayByTraffic",
            bandwidth=_BANDWIDTH,
            opts=self._child,
        )
        association = ecs.EipAssociation(
            f"{self._name}-address-bound",
            allocation_id=address.id,
            instance_id=gateway.id,
            instance_type="Nat",
            opts=self._child,
        )
        snat = vpc.SnatEntry(
            f"{self._name}-snat",
            snat_entry_name=self._name,
            snat_table_id=gateway.snat_table_ids,
            snat_ip=address.ip_address,
            source_cidr=options.cidr,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[association]),
        )
        self.ready = [snat]


def vswitch_ranges(cidr: str, zones: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """The address ranges of the nodes' and of the pods' vSwitches in a VPC of `cidr`, by zone."""
    whole = ipaddress.IPv4Network(cidr)
    parts = list(whole.subnets(new_prefix=max(whole.prefixlen + _PART_BITS, _SHORTEST_PREFIX)))
    nodes = list(ipaddress.IPv4Network(parts[_NODES_PART]).subnets(_ZONE_BITS))
    return (
        {zone: str(nodes[at]) for at, zone in enumerate(zones)},
        {zone: str(parts[at]) for at, zone in enumerate(zones)},
    )
