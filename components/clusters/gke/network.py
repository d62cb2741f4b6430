"""`Network`: the VPC network of a GKE cluster."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_gcp as gcp

from components.clusters.gke.options import GkeOptions
from components.clusters.gke.vpc_options import GkeCreateVpc, GkeExistingVpc

_PODS, _SERVICES = "pods", "services"


class Network:
    """A network made for the cluster, with one subnet, flow logs and Cloud NAT, or an existing
    network."""

    network: pulumi.Input[str]
    """The network's ID or name, as GKE accepts it."""
    name: pulumi.Input[str]
    """The network's name, as Filestore requires it."""
    subnetwork: pulumi.Input[str]
    pods: str
    """The name of the subnet's secondary range for pods."""
    services: str
    """The name of the subnet's secondary range for Services."""
    ready: Sequence[pulumi.Resource]
    """What nodes depend on: they pull images through Cloud NAT."""

    def __init__(self, name: str, options: GkeOptions, *, opts: pulumi.ResourceOptions) -> None:
        if isinstance(options.vpc, GkeCreateVpc):
            self._make_vpc(name, options, options.vpc, opts)
            return
        assert isinstance(options.vpc, GkeExistingVpc)
        self.network = self.name = options.vpc.network
        self.subnetwork = options.vpc.subnetwork
        self.pods, self.services = options.vpc.pods, options.vpc.services
        self.ready = []

    def _make_vpc(
        self, name: str, options: GkeOptions, vpc: GkeCreateVpc, opts: pulumi.ResourceOptions
    ) -> None:
        network = gcp.compute.Network(
            f"{name}-network", auto_create_subnetworks=False, routing_mode="REGIONAL", opts=opts
        )
        subnet = gcp.compute.Subnetwork(
            f"{name}-subnet",
            network=network.id,
            region=options.region,
            ip_cidr_range=vpc.cidr,
            secondary_ip_ranges=[
                {"range_name": _PODS, "ip_cidr_range": vpc.pods},
                {"range_name": _SERVICES, "ip_cidr_range": options.service_cidr},
            ],
            # Lets nodes without public addresses reach Google's APIs.
            private_ip_google_access=True,
            log_config={
                "aggregation_interval": "INTERVAL_1_MIN",
                "flow_sampling": 0.5,
                "metadata": "INCLUDE_ALL_METADATA",
            },
            opts=opts,
        )
        router = gcp.compute.Router(
            f"{name}-router", network=network.id, region=options.region, opts=opts
        )
        nat = gcp.compute.RouterNat(
            f"{name}-nat",
            router=router.name,
            region=options.region,
            nat_ip_allocate_option="AUTO_ONLY",
            source_subnetwork_ip_ranges_to_nat="LIST_OF_SUBNETWORKS",
            subnetworks=[{"name": subnet.id, "source_ip_ranges_to_nats": ["ALL_IP_RANGES"]}],
            # The many pods of a node share its ports.
            enable_dynamic_port_allocation=True,
            enable_endpoint_independent_mapping=False,
            log_config={"enable": True, "filter": "ERRORS_ONLY"},
            opts=opts,
        )
        self.network, self.name, self.subnetwork = network.id, network.name, subnet.id
        self.pods, self.services = _PODS, _SERVICES
        self.ready = [nat]
