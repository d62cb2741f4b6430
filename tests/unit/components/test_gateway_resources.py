"""The types, names and parents of a gateway's resources: the engine replaces a resource of which
one changes, and with the load balancer goes the address that clients connect to."""

from __future__ import annotations

import pytest

from tests.unit.components.gateway import up

RBAC = "kubernetes:rbac.authorization.k8s.io/v1"
NETWORK_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
#: Type, name and parent of what every gateway with a certificate of its own has.
COMMON = {
    ("slipway:gateway:NginxGateway", "gateway", "slipway-dev"),
    ("slipway:platform:Certificate", "gateway-tls", "gateway"),
    ("tls:index/privateKey:PrivateKey", "gateway-tls-key", "gateway-tls"),
    ("tls:index/selfSignedCert:SelfSignedCert", "gateway-tls-certificate", "gateway-tls"),
    ("kubernetes:core/v1:Secret", "gateway-tls-secret", "gateway-tls"),
    ("kubernetes:core/v1:Secret", "gateway-controller-tls", "gateway-tls"),
}
HOME = {
    ("slipway:platform:Namespace", "gateway-controller-home", "gateway-controller"),
    (
        "kubernetes:core/v1:Namespace",
        "gateway-controller-home-namespace",
        "gateway-controller-home",
    ),
    (NETWORK_POLICY, "gateway-controller-home-deny", "gateway-controller-home"),
    (NETWORK_POLICY, "gateway-controller-open", "gateway-controller"),
}
CONTROLLERS = {
    "traefik": {
        *HOME,
        ("slipway:gateway:Traefik", "gateway-controller", "gateway"),
        ("kubernetes:core/v1:Service", "gateway-controller-service", "gateway-controller"),
        ("kubernetes:core/v1:ConfigMap", "gateway-controller-config", "gateway-controller"),
        ("kubernetes:core/v1:ServiceAccount", "gateway-controller-account", "gateway-controller"),
        ("kubernetes:apps/v1:Deployment", "gateway-controller-server", "gateway-controller"),
        (
            "kubernetes:policy/v1:PodDisruptionBudget",
            "gateway-controller-budget",
            "gateway-controller",
        ),
        (
            "kubernetes:networking.k8s.io/v1:IngressClass",
            "gateway-controller-class",
            "gateway-controller",
        ),
        ("slipway:gateway:TraefikAccess", "gateway-controller-access", "gateway-controller"),
        *(
            (f"{RBAC}:{kind}", f"gateway-controller-access-{role}", "gateway-controller-access")
            for kind, role in (
                ("ClusterRole", "cluster"),
                ("ClusterRoleBinding", "cluster-binding"),
                ("Role", "models"),
                ("RoleBinding", "models-binding"),
                ("Role", "home"),
                ("RoleBinding", "home-binding"),
            )
        ),
    },
    "ingress-nginx": {
        *HOME,
        ("slipway:gateway:IngressNginx", "gateway-controller", "gateway"),
        ("kubernetes:helm.sh/v4:Chart", "gateway-controller-chart", "gateway-controller"),
    },
    "present": {
        ("slipway:gateway:PresentController", "gateway-controller", "gateway"),
        ("kubernetes:core/v1:Service", "gateway-controller-service", "gateway-controller"),
    },
}
OPTIONS = {
    "traefik": {"kind": "traefik", "replicas": 2},
    "ingress-nginx": {"kind": "ingress-nginx"},
    "present": {"kind": "present", "namespace": "ingress", "service": "controller"},
}


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_a_gateway_s_resources_keep_their_types_names_and_parents(controller: str) -> None:
    expected = COMMON | CONTROLLERS[controller]
    if controller == "present":  # it has no default certificate of ours
        expected -= {("kubernetes:core/v1:Secret", "gateway-controller-tls", "gateway-tls")}
    resources = up(host=None, controller=OPTIONS[controller]).resources
    assert {
        (each.type, each.name, each.parent.rpartition("::")[2])
        for each in resources
        if each.name.startswith("gateway")
    } == expected


@pytest.mark.parametrize("controller", ["traefik", "ingress-nginx"])
def test_a_controller_s_objects_are_in_the_gateway_s_namespace(controller: str) -> None:
    recording = up(host=None, controller=OPTIONS[controller])
    namespaces = {
        each.name: each.inputs.get("metadata", {}).get("namespace")
        for each in recording.of_package("kubernetes")
        if each.name.startswith("gateway-controller") and each.kind != "Chart"
    }
    of_the_cluster = {name for name, namespace in namespaces.items() if namespace is None}
    of_the_models = {name for name, namespace in namespaces.items() if namespace == "models"}
    assert of_the_cluster <= {
        "gateway-controller-home-namespace",
        "gateway-controller-class",
        "gateway-controller-access-cluster",
        "gateway-controller-access-cluster-binding",
    }
    assert of_the_models <= {
        "gateway-controller-access-models",
        "gateway-controller-access-models-binding",
    }
    rest = namespaces.keys() - of_the_cluster - of_the_models
    assert {namespaces[name] for name in rest} == {"slipway-gateway"}


def test_a_model_s_route_is_a_component_with_an_object_for_each_protocol() -> None:
    ingress = "kubernetes:networking.k8s.io/v1:Ingress"
    assert {
        (each.type, each.name, each.parent.rpartition("::")[2])
        for each in up().resources
        if "route" in each.name
    } == {
        ("slipway:gateway:NginxRoute", "half-plus-two-route", "slipway-dev"),
        (ingress, "half-plus-two-route-grpc", "half-plus-two-route"),
        (ingress, "half-plus-two-route-rest", "half-plus-two-route"),
    }
