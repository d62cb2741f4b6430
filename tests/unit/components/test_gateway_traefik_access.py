"""Traefik's permissions, and the network policies of its pods."""

from __future__ import annotations

from components.api_token import API_TOKEN_MOUNT
from tests.unit.components.engine import Resource
from tests.unit.components.gateway import traefik_labels, traefik_pod, up


def permissions(role: Resource) -> dict[str, list[str]]:
    """The verbs of a role, by API group and resource."""
    return {
        f"{group}/{resource}": rule["verbs"]
        for rule in role.inputs["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }


def test_traefik_has_these_permissions_in_two_namespaces_and_no_other() -> None:
    recording = up()
    read = ["list", "watch"]
    assert permissions(recording.one("ClusterRole")) == {
        "/namespaces": ["list"],
        "networking.k8s.io/ingressclasses": read,
    }
    roles = recording.of("Role")
    assert {role.inputs["metadata"]["namespace"] for role in roles} == {
        "models",
        "slipway-gateway",
    }
    for role in roles:
        assert permissions(role) == {
            "/services": read,
            "/secrets": read,
            "/configmaps": read,
            "discovery.k8s.io/endpointslices": read,
            "networking.k8s.io/ingresses": read,
            "networking.k8s.io/ingresses/status": ["update"],
        }


def test_every_role_is_bound_to_traefik_s_service_account() -> None:
    recording = up()
    account = recording.one("ServiceAccount", "gateway-controller-account").inputs
    assert account["automountServiceAccountToken"] is False
    (cluster_binding,) = recording.of("ClusterRoleBinding")
    bindings = [cluster_binding, *recording.of("RoleBinding")]
    for kind, binding in zip(("ClusterRole", "Role", "Role"), bindings, strict=True):
        role = binding.name.removesuffix("-binding")
        assert binding.inputs["roleRef"] == {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": kind,
            "name": f"{role}-1a2b3c4d",
        }
        assert binding.inputs["subjects"] == [
            {
                "kind": "ServiceAccount",
                "name": "gateway-controller-account-1a2b3c4d",
                "namespace": "slipway-gateway",
            }
        ]
        namespace = recording.one(kind, role).inputs.get("metadata", {}).get("namespace")
        assert binding.inputs.get("metadata", {}).get("namespace") == namespace
    server = recording.one("Deployment", "gateway-controller-server")
    assert {each.name for each in bindings} <= recording.needs(server)
    (container,) = traefik_pod(recording)["containers"]
    assert API_TOKEN_MOUNT in container["volumeMounts"]
    assert traefik_pod(recording)["serviceAccountName"] == "gateway-controller-account-1a2b3c4d"


def test_clients_reach_two_ports_of_traefik_and_traefik_reaches_the_models() -> None:
    recording = up()
    policy = recording.one("NetworkPolicy", "gateway-controller-open").inputs
    assert policy["metadata"]["namespace"] == "slipway-gateway"
    assert policy["spec"] == {
        "podSelector": {"matchLabels": traefik_labels(recording)},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"ports": [{"port": 8000}, {"port": 8443}]}],
        "egress": [{}],
    }
    models = recording.one("NetworkPolicy", "half-plus-two-callers").inputs
    (ingress,) = models["spec"]["ingress"]
    assert ingress["from"] == [
        {
            "namespaceSelector": {
                "matchLabels": {"kubernetes.io/metadata.name": "slipway-gateway"}
            },
            "podSelector": {"matchLabels": traefik_labels(recording)},
        }
    ]
