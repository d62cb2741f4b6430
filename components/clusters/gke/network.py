"""`Network`: where the nodes are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from components.clusters.gke.options import ExistingVpc, GkeCreateVpc, GkeOptions

_PODS, _SERVICES = "pods", "services"


@dataclass(frozen=True, kw_only=True)
class Network:
    """Names or addresses of the network and its parts, `name` what Filestore calls it; `pods` and `services` are secondary ranges
    of the subnet. `needs` have to be there before nodes are: their way to registries."""

    network: pulumi.Input[str]
    name: pulumi.Input[str]
    subnetwork: pulumi.Input[str]
    pods: str
    services: str
    needs: Sequence[pulumi.Resource] = ()


def network(name: str, options: GkeOptions, opts: pulumi.ResourceOptions) -> Network:
    """The network that is there, or a new one with a subnet, flow logs and Cloud NAT."""
    vpc = options.vpc
    if isinstance(vpc, ExistingVpc):
        return Network(
            network=vpc.network,
            name=vpc.network,
            subnetwork=vpc.subnetwork,
            pods=vpc.pods,
            services=vpc.services,
        )
    assert isinstance(vpc, GkeCreateVpc)
    made = gcp.compute.Network(
        f"{name}-network", auto_create_subnetworks=False, routing_mode="REGIONAL", opts=opts
    )
    subnet = gcp.compute.Subnetwork(
        f"{name}-subnet",
        network=made.id,
        region=options.region,
        ip_cidr_range=vpc.cidr,
        secondary_ip_ranges=[
            {"range_name": _PODS, "ip_cidr_range": vpc.pods},
            {"range_name": _SERVICES, "ip_cidr_range": options.service_cidr},
        ],
        # Nodes without public addresses reach Google's own APIs by it.
        private_ip_google_access=True,
        log_config={
            "aggregation_interval": "INTERVAL_1_MIN",
            "flow_sampling": 0.5,
            "metadata": "INCLUDE_ALL_METADATA",
        },
        opts=opts,
    )
    router = gcp.compute.Router(f"{name}-router", network=made.id, region=options.region, opts=opts)
    nat = gcp.compute.RouterNat(
        f"{name}-nat",
        router=router.name,
        region=options.region,
        nat_ip_allocate_option="AUTO_ONLY",
        source_subnetwork_ip_ranges_to_nat="LIST_OF_SUBNETWORKS",
        subnetworks=[{"name": subnet.id, "source_ip_ranges_to_nats": ["ALL_IP_RANGES"]}],
        # A node's many pods share its ports.
        enable_dynamic_port_allocation=True,
        enable_endpoint_independent_mapping=False,
        log_config={"enable": True, "filter": "ERRORS_ONLY"},
        opts=opts,
    )
    return Network(
        network=made.id,
        name=made.name,
        subnetwork=subnet.id,
        pods=_PODS,
        services=_SERVICES,
        needs=[nat],
    )
