"""An ingress controller that the cluster has already."""

from __future__ import annotations

import pulumi
import pytest

from tests.unit.components.engine import ADDRESS
from tests.unit.components.gateway import route, up


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
