"""Network access to a cluster on ACK: to its API, its nodes and its gateway."""

from __future__ import annotations

import ipaddress
import json
from typing import Any

import pytest

from components.kubernetes.object import UNTIL_ADDRESSED
from tests.unit.clouds.ack_stack import (
    CLUSTER,
    CREATED,
    EXISTING,
    OSS,
    PRIVATE,
    ack,
    up,
)
from tests.unit.components.engine import Recording
from tests.unit.components.environment import model


def admitted_ranges(recording: Recording, endpoint: str) -> set[str]:
    """The ranges from which a load balancer of the API can be called."""
    group = f"cluster-control-plane-{endpoint}-callers-id"
    return {
        each.inputs["cidrIp"]
        for each in recording.of("SecurityGroupRule")
        if each.inputs["securityGroupId"] == group
    }


def test_the_public_endpoint_admits_only_the_named_ranges(full_ack: Recording) -> None:
    assert admitted_ranges(full_ack, "public") == {"203.0.113.0/24"}
    assert admitted_ranges(full_ack, "private") == {"10.0.0.0/16", "100.104.0.0/16"}
    address_types = {each.name: each.inputs["addressType"] for each in full_ack.of("LoadBalancer")}
    assert address_types == {
        "cluster-control-plane-private-door": "Intranet",
        "cluster-control-plane-public-door": "Internet",
    }


def test_a_private_api_has_no_public_endpoint() -> None:
    recording = up(ack(access=PRIVATE))
    (load_balancer,) = recording.of("LoadBalancer")
    assert load_balancer.inputs["addressType"] == "Intranet"
    assert admitted_ranges(recording, "private") == {"10.0.0.0/16", "100.104.0.0/16", "10.8.0.0/24"}
    cluster = recording.one(CLUSTER).inputs
    (endpoint,) = cluster["controlPlaneEndpointsConfig"]["loadBalancersConfigs"]
    assert endpoint == {
        "endpointType": "private",
        "loadBalancerId": f"{load_balancer.name}-id",
    }


def kubeconfig(recording: Recording) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(recording.outputs["kubeconfig"])
    return document


def test_the_kubeconfig_is_a_secret_and_contains_no_credentials(full_ack: Recording) -> None:
    assert "kubeconfig" in full_ack.secret_outputs
    document = kubeconfig(full_ack)
    (user,) = document["users"]
    assert set(user["user"]) == {"exec"}
    login = user["user"]["exec"]
    assert login["command"] == "ack-ram-tool"
    assert login["args"][:2] == ["credential-plugin", "get-credential"]
    minutes = login["args"][login["args"].index("--expiration") + 1]
    assert int(minutes.removesuffix("m")) <= 60
    (cluster,) = document["clusters"]
    assert cluster["cluster"] == {
        "server": "https://cluster-control-plane-public-door.nlb.example.com:6443",
        "certificate-authority-data": "QVVUSE9SSVRZ",
    }
    assert "S0VZ" not in full_ack.outputs["kubeconfig"]


def test_a_private_api_is_called_at_its_private_endpoint() -> None:
    (cluster,) = kubeconfig(up(ack(access=PRIVATE)))["clusters"]
    assert "private-door" in cluster["cluster"]["server"]


def test_nodes_and_pods_have_ranges_of_their_own_in_each_zone() -> None:
    for cidr in ("10.0.0.0/8", "10.0.0.0/16", "192.168.0.0/20"):
        zones = [f"cn-hangzhou-{each}" for each in "ghij"]
        recording = up(ack(vpc={"kind": "create", "cidr": cidr, "zones": zones}))
        ranges = [ipaddress.ip_network(each.inputs["cidrBlock"]) for each in recording.of("Switch")]
        assert len(ranges) == 8
        assert all(each.subnet_of(ipaddress.ip_network(cidr)) for each in ranges)  # type: ignore[arg-type]
        assert all(16 <= each.prefixlen <= 29 for each in ranges)
        assert not any(
            one.overlaps(other) for at, one in enumerate(ranges) for other in ranges[at + 1 :]
        )


def test_all_traffic_to_the_internet_has_one_address() -> None:
    recording = up()
    snat = recording.one("SnatEntry").inputs
    assert snat["sourceCidr"] == "10.0.0.0/16"
    assert snat["snatIp"] == recording.one("EipAddress").outputs.get("ipAddress", "203.0.113.9")
    assert recording.one("EipAssociation").inputs["instanceType"] == "Nat"


def test_an_existing_network_is_not_changed() -> None:
    recording = up(ack(vpc=EXISTING))
    for kind in ("Network", "Switch", "NatGateway", "EipAddress", "SnatEntry"):
        assert [each.name for each in recording.of(kind) if "alicloud" in each.type] == []
    cluster = recording.one(CLUSTER).inputs
    assert cluster["vswitchIds"] == ["vsw-1", "vsw-2"]
    assert cluster["podVswitchIds"] == ["vsw-3", "vsw-4"]
    assert recording.one("FlowLog").inputs["resourceId"] == "vpc-1"
    assert admitted_ranges(recording, "private") >= {"192.168.0.0/16"}


def test_the_gateway_has_a_network_load_balancer_in_all_zones_that_keeps_the_caller_s_address() -> (
    None
):
    recording = up(gateway={"kind": "nginx", "host": "a.example.com", "allow": ["198.51.100.0/24"]})
    service = recording.one("Service", "gateway-controller-service").inputs
    assert service["spec"]["loadBalancerClass"] == "alibabacloud.com/nlb"
    assert service["spec"]["loadBalancerSourceRanges"] == ["198.51.100.0/24"]
    prefix = "service.beta.kubernetes.io/alibaba-cloud-loadbalancer"
    assert service["metadata"]["annotations"] == {
        f"{prefix}-address-type": "internet",
        f"{prefix}-zone-maps": "cn-hangzhou-i:cluster-network-nodes-cn-hangzhou-i-id,"
        "cn-hangzhou-j:cluster-network-nodes-cn-hangzhou-j-id",
        f"{prefix}-cross-zone-enabled": "on",
        f"{prefix}-preserve-client-ip": "on",
        **UNTIL_ADDRESSED,
    }


def test_an_exposed_model_has_a_network_load_balancer_too() -> None:
    exposed = model(source=OSS, expose={"kind": "load_balancer", "port": 9090})
    service = up(models={"m": exposed}).one("Service", "m-balancer").inputs
    assert service["spec"]["loadBalancerClass"] == "alibabacloud.com/nlb"


@pytest.mark.parametrize(
    ("host", "address", "record"),
    [
        ("models.example.com", {"ip": "203.0.113.7"}, ("models", "A", "203.0.113.7")),
        ("a.b.example.com", {"hostname": "x.nlb.com"}, ("a.b", "CNAME", "x.nlb.com")),
        ("example.com", {"ip": "2001:db8::1"}, ("@", "AAAA", "2001:db8::1")),
    ],
)
def test_the_gateway_s_host_has_a_record_in_the_zone(
    host: str, address: dict[str, str], record: tuple[str, str, str]
) -> None:
    gateway = {"kind": "nginx", "host": host}
    recording = up(ack(dns={"zone": "example.com"}), gateway=gateway, address=address)
    inputs = recording.one("AlidnsRecord").inputs
    assert (inputs["rr"], inputs["type"], inputs["value"]) == record
    assert inputs["domainName"] == "example.com"


def test_without_a_zone_there_is_no_record() -> None:
    assert up().of("AlidnsRecord") == []


def test_a_cluster_with_a_new_network_can_be_previewed() -> None:
    recording = up(ack(vpc={**CREATED, "cidr": "172.30.0.0/16"}), preview=True)
    assert recording.one(CLUSTER)
