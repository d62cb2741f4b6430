"""The controllers other than Traefik: ingress-nginx, and one that the cluster has already."""

from __future__ import annotations

import pulumi
import pytest

from components.gateways.controllers import ingress_nginx
from tests.unit.components.engine import ADDRESS
from tests.unit.components.gateway import chart_values, route, up


def test_a_controller_that_the_cluster_has_is_read_and_not_changed() -> None:
    present = {
        "kind": "present",
        "namespace": "ingress",
        "service": "controller",
        "ingress_class": "internal",
    }
    recording = up(controller=present)
    read = recording.one("Service", "gateway-controller-service")
    assert read.read
    assert read.inputs["id"] == "ingress/controller"
    assert recording.of("IngressClass") == []
    assert route(recording, "grpc")["spec"]["ingressClassName"] == "internal"
    peer = recording.one("NetworkPolicy", "half-plus-two-callers").inputs["spec"]["ingress"][0]
    assert peer["from"] == [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress"}}}
    ]


def test_ingress_nginx_of_another_stack_can_be_shared() -> None:
    present = {
        "kind": "present",
        "namespace": "slipway-gateway",
        "service": "ingress-nginx-controller",
    }
    assert up(controller=present).outputs["gateway"]["address"] == ADDRESS


def test_allowed_ranges_are_refused_for_a_load_balancer_that_is_not_the_stack_s() -> None:
    present = {"kind": "present", "namespace": "ingress", "service": "controller"}
    with pytest.raises(pulumi.RunError, match="loadBalancerSourceRanges"):
        up(controller=present, allow=["10.0.0.0/8"])


def test_ingress_nginx_has_the_limits_the_load_balancer_s_annotations_and_no_webhook() -> None:
    values = chart_values(ssl_redirect=False)
    assert values["config"]["ssl-redirect"] == "false"
    assert values["config"]["proxy-body-size"] == str(64 * 1024 * 1024)
    assert values["config"]["client-body-timeout"] == "100"
    assert values["service"]["annotations"] == {"example.com/kind": "nlb"}
    assert values["service"]["externalTrafficPolicy"] == "Local"
    assert values["admissionWebhooks"] == {"enabled": False}
    assert values["image"] == {}


def test_ingress_nginx_is_pulled_from_the_mirror_by_tag() -> None:
    from components.images import Images

    assert chart_values(images=Images("mirror.example.com/proxy"))["image"] == {
        "registry": "mirror.example.com",
        "image": "proxy/ingress-nginx/controller",
        "tag": "v1.15.1",
        "digest": "",
    }


def test_ingress_nginx_has_a_default_certificate_for_clients_that_send_no_host_name() -> None:
    values = chart_values(default_certificate=lambda address: None)
    assert values["extraArgs"] == {"default-ssl-certificate": "slipway-gateway/gateway-tls"}


def test_ingress_nginx_warns_that_it_is_retired_and_pins_its_chart() -> None:
    recording = up(controller="ingress-nginx")
    assert [each for each in recording.warnings if "retired" in each]
    chart = recording.one("Chart").inputs
    assert (chart["version"], ingress_nginx.CONTROLLER_IMAGE) == (
        "4.15.1",
        "registry.k8s.io/ingress-nginx/controller:v1.15.1",
    )


def test_ingress_nginx_is_reached_by_the_address_of_its_chart_s_service() -> None:
    recording = up(controller="ingress-nginx", address={"hostname": "lb.example.com"})
    assert recording.outputs["gateway"]["address"] == "lb.example.com"


def test_a_chart_without_the_service_is_an_error_that_names_it() -> None:
    with pytest.raises(pulumi.RunError, match="has no Service `ingress-nginx-controller`"):
        ingress_nginx.find_service([])
