"""ingress-nginx: the values of its chart, its certificate and its load balancer."""

from __future__ import annotations

import pulumi
import pytest

from components.gateways.controllers import ingress_nginx
from components.images import Images
from tests.unit.components.gateway import chart_values, up

LABELS = {
    "app.kubernetes.io/name": "ingress-nginx",
    "app.kubernetes.io/component": "controller",
}


def test_the_chart_is_pinned_and_installed_with_these_values() -> None:
    chart = up(controller="ingress-nginx").one("Chart").inputs
    assert {key: value for key, value in chart.items() if key != "values"} == {
        "name": "ingress-nginx",
        "chart": "ingress-nginx",
        "version": "4.15.1",
        "namespace": "slipway-gateway",
        "repositoryOpts": {"repo": "https://kubernetes.github.io/ingress-nginx"},
    }
    assert chart["values"] == {
        "fullnameOverride": "ingress-nginx",
        "imagePullSecrets": [],
        "controller": {
            "replicaCount": 2,
            "image": {},
            "ingressClassResource": {"name": "nginx"},
            # Its certificate is signed by a Helm hook: the first `up` would fail.
            "admissionWebhooks": {"enabled": False},
            "service": {"annotations": {}},
            "config": {
                "ssl-redirect": "true",
                "proxy-body-size": "67108864",
                "proxy-read-timeout": "100",
                "proxy-send-timeout": "100",
                "client-body-timeout": "100",
                "keep-alive": "180",
                "http2-max-concurrent-streams": "128",
                "use-gzip": "false",
                "large-client-header-buffers": "2 8k",
                "server-snippet": (
                    "if ($http_content_encoding) { return 415; }\n"
                    'if ($http_grpc_encoding ~ "^[^i]") { return 415; }'
                ),
            },
            "resources": {
                "requests": {"cpu": "100m", "memory": "128Mi"},
                "limits": {"memory": "1024Mi", "ephemeral-storage": "1536Mi"},
            },
            "scope": {"enabled": False},
            "allowSnippetAnnotations": False,
        },
    }


def test_replicas_and_redirects_follow_the_stack_file() -> None:
    controller = {"kind": "ingress-nginx", "replicas": 5}
    chart = up(controller=controller, ssl_redirect=False).one("Chart").inputs
    assert chart["values"]["controller"]["replicaCount"] == 5
    assert chart["values"]["controller"]["config"]["ssl-redirect"] == "false"


def test_the_chart_s_service_has_the_load_balancer_s_annotations_and_policy() -> None:
    service = chart_values(allow=("10.0.0.0/8",))["service"]
    assert service == {
        "annotations": {"example.com/kind": "nlb"},
        "externalTrafficPolicy": "Local",
        "loadBalancerSourceRanges": ["10.0.0.0/8"],
    }


def test_clients_reach_two_ports_of_ingress_nginx_and_it_reaches_the_models() -> None:
    recording = up(controller="ingress-nginx")
    policy = recording.one("NetworkPolicy", "gateway-controller-open").inputs
    assert policy["metadata"]["namespace"] == "slipway-gateway"
    assert policy["spec"] == {
        "podSelector": {"matchLabels": LABELS},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"ports": [{"port": 80}, {"port": 443}]}],
        "egress": [{}],
    }
    models = recording.one("NetworkPolicy", "half-plus-two-callers").inputs
    (ingress,) = models["spec"]["ingress"]
    assert ingress["from"] == [
        {
            "namespaceSelector": {
                "matchLabels": {"kubernetes.io/metadata.name": "slipway-gateway"}
            },
            "podSelector": {"matchLabels": LABELS},
        }
    ]


def test_the_default_certificate_is_the_secret_that_the_controller_finds_by_name() -> None:
    recording = up(controller="ingress-nginx", host=None)
    secret = recording.one("Secret", "gateway-controller-tls")
    assert secret.inputs["metadata"] == {"namespace": "slipway-gateway", "name": "gateway-tls"}
    assert secret.inputs["type"] == "kubernetes.io/tls"
    assert secret.inputs["data"]["value"].keys() == {"tls.crt", "tls.key"}
    assert secret.delete_before_replace, "a new certificate needs the same name"
    chart = recording.one("Chart").inputs["values"]
    assert chart["controller"]["extraArgs"] == {
        "default-ssl-certificate": "slipway-gateway/gateway-tls"
    }


def test_each_run_warns_that_ingress_nginx_is_retired() -> None:
    (warning,) = up(controller="ingress-nginx").warnings
    assert "retired in March 2026" in warning
    assert "`controller: traefik`" in warning


def test_ingress_nginx_is_pulled_from_the_mirror_by_tag() -> None:
    assert chart_values(images=Images("mirror.example.com/proxy"))["image"] == {
        "registry": "mirror.example.com",
        "image": "proxy/ingress-nginx/controller",
        "tag": "v1.15.1",
        "digest": "",
    }


def test_a_digest_of_the_stack_file_is_kept_at_the_mirror() -> None:
    digest = f"sha256:{'a' * 64}"
    images = Images("mirror.example.com", digests={ingress_nginx.CONTROLLER_IMAGE: digest})
    assert chart_values(images=images)["image"]["digest"] == digest


def test_ingress_nginx_is_reached_by_the_address_of_its_chart_s_service() -> None:
    recording = up(controller="ingress-nginx", address={"hostname": "lb.example.com"})
    assert recording.outputs["gateway"]["address"] == "lb.example.com"


def test_a_chart_without_the_service_is_an_error_that_names_it() -> None:
    with pytest.raises(pulumi.RunError, match="has no Service `ingress-nginx-controller`"):
        ingress_nginx.find_service([])


def test_a_chart_s_service_without_an_address_is_an_error_that_names_it() -> None:
    service = "`slipway-gateway/ingress-nginx-controller` has no load balancer address"
    with pytest.raises(pulumi.RunError, match=service):
        up(controller="ingress-nginx", address={"port": "1"})
