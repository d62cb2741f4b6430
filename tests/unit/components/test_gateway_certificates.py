"""The gateway's TLS certificate, and the authority in the outputs."""

from __future__ import annotations

import pytest

from tests.unit.components.engine import ADDRESS
from tests.unit.components.gateway import (
    route,
    traefik_configuration,
    traefik_volume,
    up,
)


def test_the_certificate_is_for_the_configured_host() -> None:
    certificate = up(host="models.example.com").one("SelfSignedCert").inputs
    assert certificate["dnsNames"] == ["models.example.com"]
    assert certificate["ipAddresses"] == []


def test_without_a_host_the_certificate_is_for_the_load_balancer_s_name() -> None:
    recording = up(host=None, address={"hostname": "lb.example.com"})
    assert recording.one("SelfSignedCert").inputs["dnsNames"] == ["lb.example.com"]
    assert route(recording, "grpc")["spec"]["rules"][0]["host"] == "lb.example.com"
    endpoint = recording.outputs["endpoints"]["half_plus_two"]["grpc"]
    assert endpoint["target"] == "lb.example.com:443"
    assert endpoint["authority"] == "lb.example.com"


def test_without_any_name_the_certificate_is_for_the_ip_address_and_rules_have_no_host() -> None:
    recording = up(host=None)
    certificate = recording.one("SelfSignedCert").inputs
    assert certificate["dnsNames"] == []
    assert certificate["ipAddresses"] == [ADDRESS]
    spec = route(recording, "rest")["spec"]
    assert "host" not in spec["rules"][0]
    assert "hosts" not in spec["tls"][0]
    rest = recording.outputs["endpoints"]["half_plus_two"]["rest"]
    assert rest["url"].startswith(f"https://{ADDRESS}/half_plus_two/v1/")


def test_an_ipv6_address_is_in_brackets_in_urls_and_before_a_port() -> None:
    endpoint = up(host=None, address={"ip": "2001:db8::7"}).outputs["endpoints"]["half_plus_two"]
    assert endpoint["grpc"]["target"] == "[2001:db8::7]:443"
    assert endpoint["grpc"]["authority"] == "2001:db8::7"
    assert endpoint["rest"]["url"].startswith("https://[2001:db8::7]/half_plus_two/")


def test_traefik_s_default_certificate_is_for_clients_that_send_no_host_name() -> None:
    recording = up(host=None)
    secret = recording.one("Secret", "gateway-controller-tls").inputs
    assert secret["metadata"] == {"namespace": "slipway-gateway"}
    default = traefik_configuration(recording)["tls"]["stores"]["default"]
    assert default["defaultCertificate"]["certFile"] == "/etc/traefik/config/tls.crt"
    sources = traefik_volume(recording, "config")["projected"]["sources"]
    assert sources[1]["secret"] == {"name": "gateway-controller-tls-1a2b3c4d"}


def test_traefik_starts_after_its_service_has_an_address_with_that_address_s_certificate() -> None:
    """A new certificate rolls out new pods, and `up` waits until they are ready."""
    recording = up(host=None)
    secret = recording.one("Secret", "gateway-controller-tls")
    assert secret.inputs["immutable"] is True
    server = recording.one("Deployment", "gateway-controller-server")
    assert {"gateway-controller-service", secret.name} <= recording.needs(server)
    service = recording.one("Service", "gateway-controller-service")
    assert server.name not in recording.needs(service)
    annotations = service.inputs["metadata"]["annotations"]
    assert annotations["pulumi.com/waitFor"] == "jsonpath={.status.loadBalancer.ingress}"


@pytest.mark.parametrize("controller", ["traefik", "ingress-nginx"])
def test_routes_depend_on_the_certificate_for_clients_that_send_no_host_name(
    controller: str,
) -> None:
    recording = up(host=None, controller=controller)
    route = recording.one("Ingress", "half-plus-two-route-grpc")
    assert "gateway-controller-tls" in recording.needs(route)


def test_with_a_host_there_is_no_default_certificate() -> None:
    recording = up()
    assert recording.of("Secret", "gateway-controller-tls") == []
    assert "tls" not in traefik_configuration(recording)


def test_a_certificate_in_a_secret_of_the_user_s_is_used_by_its_name() -> None:
    pem = "-----BEGIN CERTIFICATE-----\nx"
    recording = up(tls={"kind": "secret", "name": "mine", "ca_certificate": pem})
    assert recording.of("SelfSignedCert") == recording.of("PrivateKey") == []
    assert route(recording, "grpc")["spec"]["tls"][0]["secretName"] == "mine"
    assert recording.outputs["gateway"]["ca_certificate"] == pem


def test_without_an_authority_in_the_stack_file_the_outputs_have_none() -> None:
    recording = up(tls={"kind": "secret", "name": "mine"})
    assert recording.outputs["gateway"]["ca_certificate"] is None
