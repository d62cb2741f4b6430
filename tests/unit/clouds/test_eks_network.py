"""Network access to a cluster on Amazon EKS: to its nodes, its API and its gateway."""

from __future__ import annotations

import json

from components.kubernetes.object import UNTIL_ADDRESSED
from tests.unit.clouds.aws import (
    EXISTING,
    PRIVATE,
    VPC,
    ZONES,
    up,
)


def test_nodes_are_in_private_subnets_only() -> None:
    recording = up()
    private = {f"cluster-network-private-{zone}-id" for zone in ZONES}
    assert set(recording.one("NodeGroup").inputs["subnetIds"]) == private
    assert set(recording.one("Cluster").inputs["vpcConfig"]["subnetIds"]) == private
    gateways = {
        each.name: each.inputs.get("natGatewayId") or each.inputs["gatewayId"]
        for each in recording.of("Route")
    }
    assert gateways == {
        "cluster-network-public-out": "cluster-network-internet-id",
        **{
            f"cluster-network-private-{zone}-out": f"cluster-network-nat-{zone}-id"
            for zone in ZONES
        },
    }


def test_one_nat_gateway_can_serve_all_zones() -> None:
    recording = up(vpc={**VPC, "nat": "one"})
    (gateway,) = recording.of("NatGateway")
    routes = [each.inputs.get("natGatewayId") for each in recording.of("Route")]
    assert routes.count(f"{gateway.name}-id") == len(ZONES)


def test_subnets_do_not_overlap_and_are_tagged_for_their_load_balancers() -> None:
    from ipaddress import ip_network

    recording = up(vpc={**VPC, "cidr": "10.4.0.0/20"})
    subnets = recording.of("Subnet")
    blocks = [ip_network(each.inputs["cidrBlock"]) for each in subnets]
    assert len(blocks) == 2 * len(ZONES)
    assert not [(a, b) for at, a in enumerate(blocks) for b in blocks[at + 1 :] if a.overlaps(b)]
    assert all(block.subnet_of(ip_network("10.4.0.0/20")) for block in blocks)
    for each in subnets:
        role = "internal-elb" if "private" in each.name else "elb"
        assert each.inputs["tags"][f"kubernetes.io/role/{role}"] == "1"


def test_the_default_security_group_admits_no_traffic() -> None:
    group = up().one("DefaultSecurityGroup").inputs
    assert not group.get("ingress") and not group.get("egress")


def test_an_existing_network_is_not_changed() -> None:
    recording = up(vpc=EXISTING)
    assert recording.of("Vpc") == recording.of("Subnet") == recording.of("FlowLog") == []
    ids = set(EXISTING["private_subnets"].values())  # type: ignore[attr-defined]
    assert set(recording.one("Cluster").inputs["vpcConfig"]["subnetIds"]) == ids
    assert set(recording.one("NodeGroup").inputs["subnetIds"]) == ids


def test_a_private_api_admits_only_the_named_ranges() -> None:
    recording = up(access=PRIVATE)
    rules = [each.inputs for each in recording.of("SecurityGroupIngressRule")]
    assert {rule.get("cidrIpv4") or rule.get("cidrIpv6") for rule in rules} == set(PRIVATE["from"])
    assert {(rule["fromPort"], rule["toPort"], rule["ipProtocol"]) for rule in rules} == {
        (443, 443, "tcp")
    }
    assert {rule["securityGroupId"] for rule in rules} == {"sg-0c1u57e4"}
    assert "publicAccessCidrs" not in recording.one("Cluster").inputs["vpcConfig"]


def test_the_kubeconfig_contains_no_key_and_no_certificate() -> None:
    recording = up()
    (user,) = json.loads(recording.outputs["kubeconfig"])["users"]
    assert set(user["user"]) == {"exec"}
    login = user["user"]["exec"]
    assert login["command"] == "aws"
    assert login["args"][:2] == ["eks", "get-token"]
    assert login["args"][-4:] == ["--region", "eu-central-1", "--cluster-name", "slipway-dev"]
    assert "kubeconfig" in recording.secret_outputs
    assert recording.of("AccessKey") == []


def test_load_balancers_serve_all_zones_and_keep_the_caller_s_address() -> None:
    service = up().one("Service", "gateway-controller-service").inputs
    prefix = "service.beta.kubernetes.io/aws-load-balancer"
    assert service["metadata"]["annotations"] == {
        f"{prefix}-type": "nlb",
        f"{prefix}-cross-zone-load-balancing-enabled": "true",
        **UNTIL_ADDRESSED,
    }
    assert service["spec"]["externalTrafficPolicy"] == "Local"
    inner = up(internal_load_balancers=True).one("Service", "gateway-controller-service").inputs
    assert inner["metadata"]["annotations"][f"{prefix}-internal"] == "true"


def test_the_gateway_s_host_resolves_to_its_load_balancer_and_is_in_the_certificate() -> None:
    gateway = {
        "kind": "nginx",
        "controller": "traefik",
        "host": "models.example.com",
        "tls": {"kind": "self-signed"},
    }
    recording = up(dns={"zone": "example.com"}, gateway=gateway)
    record = recording.one("Record").inputs
    assert (record["zoneId"], record["name"], record["type"]) == (
        "Z0ZONE",
        "models.example.com",
        "A",
    )
    (alias,) = record["aliases"]
    assert alias["name"] == "gateway-0a1b.elb.eu-central-1.amazonaws.com"
    assert alias["zoneId"] == "Z3BALANCER"
    assert "gateway-controller-service" in recording.needs(recording.one("Record"))
    certificate = recording.one("SelfSignedCert", "gateway-tls-certificate").inputs
    assert certificate["dnsNames"] == ["models.example.com"]
    assert up(gateway=gateway).of("Record") == []


def test_network_policies_are_enforced() -> None:
    addon = up().one("Addon", "cluster-addon-vpc-cni").inputs
    assert json.loads(addon["configurationValues"]) == {"enableNetworkPolicy": "true"}
