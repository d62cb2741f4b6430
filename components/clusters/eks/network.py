"""`Network`: the VPC of a cluster on EKS."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

import pulumi
from pulumi_aws import ec2

from components.clusters.cloud import VpcOptions
from components.clusters.eks.logs import Logs
from components.clusters.eks.vpc_options import EksCreateVpc, EksExistingVpc

_ANYWHERE = "0.0.0.0/0"


class Network(pulumi.ComponentResource):
    """A VPC made for the cluster, or an existing one. A VPC that it makes has flow logs, and a
    default security group without rules, which admits no traffic."""

    vpc_id: pulumi.Output[str]
    private_subnets: Mapping[str, pulumi.Output[str]]
    """By zone."""

    def __init__(
        self,
        name: str,
        options: VpcOptions,
        *,
        region: str,
        logs: Logs,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("slipway:clusters:EksNetwork", name, None, opts)
        self._name, self._region = name, region
        self._child = pulumi.ResourceOptions(parent=self)
        if isinstance(options, EksExistingVpc):
            self.vpc_id = pulumi.Output.from_input(options.id)
            self.private_subnets = {
                zone: pulumi.Output.from_input(subnet)
                for zone, subnet in options.private_subnets.items()
            }
        elif isinstance(options, EksCreateVpc):
            self._make_vpc(options, logs)
        else:
            raise TypeError(f"{type(options).__name__} is no VPC of EKS")
        self.register_outputs({"vpc_id": self.vpc_id})

    def _make_vpc(self, options: EksCreateVpc, logs: Logs) -> None:
        name, child = self._name, self._child
        vpc = ec2.Vpc(
            f"{name}-vpc",
            cidr_block=options.cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,  # the private endpoint of EKS is a host name
            tags={"Name": name},
            opts=child,
        )
        self.vpc_id = vpc.id
        # Without rules, it admits no traffic of resources that name no security group.
        ec2.DefaultSecurityGroup(f"{name}-default", vpc_id=vpc.id, opts=child)
        role = logs.make_flow_log_role(f"{name}-flow-writer", self._region, child)
        ec2.FlowLog(
            f"{name}-flow-log",
            vpc_id=vpc.id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=logs.flow.arn,
            iam_role_arn=role.arn,
            opts=pulumi.ResourceOptions(parent=self, depends_on=role.resources),
        )
        public = self._make_public_subnets(options, vpc)
        self._make_private_subnets(options, vpc, public)

    def _make_public_subnets(self, options: EksCreateVpc, vpc: ec2.Vpc) -> list[ec2.Subnet]:
        name, child = self._name, self._child
        gateway = ec2.InternetGateway(f"{name}-internet", vpc_id=vpc.id, opts=child)
        table = ec2.RouteTable(f"{name}-public", vpc_id=vpc.id, opts=child)
        ec2.Route(
            f"{name}-public-out",
            route_table_id=table.id,
            destination_cidr_block=_ANYWHERE,
            gateway_id=gateway.id,
            opts=child,
        )
        subnets = []
        for zone, block in zip(options.zones, _public_blocks(options.cidr), strict=False):
            subnet = ec2.Subnet(
                f"{name}-public-{zone}",
                vpc_id=vpc.id,
                availability_zone=zone,
                cidr_block=block,
                map_public_ip_on_launch=False,
                # The cloud controller finds subnets for load balancers by this tag.
                tags={"Name": f"{name}-public-{zone}", "kubernetes.io/role/elb": "1"},
                opts=child,
            )
            ec2.RouteTableAssociation(
                f"{name}-public-{zone}-routes",
                subnet_id=subnet.id,
                route_table_id=table.id,
                opts=child,
            )
            subnets.append(subnet)
        self._internet = gateway
        return subnets

    def _make_private_subnets(
        self, options: EksCreateVpc, vpc: ec2.Vpc, public: list[ec2.Subnet]
    ) -> None:
        name, child = self._name, self._child
        gateways: list[ec2.NatGateway] = []
        subnets: dict[str, pulumi.Output[str]] = {}
        tables = []
        for index, (zone, block) in enumerate(
            zip(options.zones, _private_blocks(options.cidr), strict=False)
        ):
            if index == 0 or options.nat == "zone":
                gateways.append(self._make_nat(zone, public[index]))
            subnet = ec2.Subnet(
                f"{name}-private-{zone}",
                vpc_id=vpc.id,
                availability_zone=zone,
                cidr_block=block,
                map_public_ip_on_launch=False,
                tags={"Name": f"{name}-private-{zone}", "kubernetes.io/role/internal-elb": "1"},
                opts=child,
            )
            table = ec2.RouteTable(f"{name}-private-{zone}", vpc_id=vpc.id, opts=child)
            route = ec2.Route(
                f"{name}-private-{zone}-out",
                route_table_id=table.id,
                destination_cidr_block=_ANYWHERE,
                nat_gateway_id=gateways[-1].id,
                opts=child,
            )
            association = ec2.RouteTableAssociation(
                f"{name}-private-{zone}-routes",
                subnet_id=subnet.id,
                route_table_id=table.id,
                # So what depends on the subnet is created after the route, and deleted before it.
                opts=pulumi.ResourceOptions(parent=self, depends_on=[route]),
            )
            tables.append(table.id)
            subnets[zone] = pulumi.Output.all(subnet.id, association.id).apply(
                lambda it: str(it[0])
            )
        self.private_subnets = subnets
        # Models come from S3, and NAT gateways charge for each byte.
        ec2.VpcEndpoint(
            f"{name}-s3",
            vpc_id=vpc.id,
            service_name=f"com.amazonaws.{self._region}.s3"
            if not self._region.startswith("cn-")
            else f"cn.com.amazonaws.{self._region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=tables,
            opts=child,
        )

    def _make_nat(self, zone: str, subnet: ec2.Subnet) -> ec2.NatGateway:
        # AWS can release the address only while the Internet gateway exists.
        after_gateway = pulumi.ResourceOptions(parent=self, depends_on=[self._internet])
        address = ec2.Eip(f"{self._name}-nat-{zone}-address", domain="vpc", opts=after_gateway)
        return ec2.NatGateway(
            f"{self._name}-nat-{zone}",
            allocation_id=address.id,
            subnet_id=subnet.id,
            tags={"Name": f"{self._name}-nat-{zone}"},
            opts=after_gateway,
        )


def _private_blocks(cidr: str) -> list[str]:
    """Ranges of private subnets: three quarters of the addresses."""
    quarters = ipaddress.IPv4Network(cidr).subnets(prefixlen_diff=2)
    return [str(each) for each in quarters][:3]


def _public_blocks(cidr: str) -> list[str]:
    """Ranges of public subnets: three sixteenths of the last quarter, since load balancers and NAT
    gateways need few addresses."""
    last = list(ipaddress.IPv4Network(cidr).subnets(prefixlen_diff=2))[3]
    return [str(each) for each in last.subnets(prefixlen_diff=4)][:3]
