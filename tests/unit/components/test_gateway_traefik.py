"""Traefik: its flags, its permissions, its load balancer."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from tests.unit.components.engine import Recording, Resource
from tests.unit.components.gateway import arguments, traefik_configuration, up

#: Characters that a path of a model's API never has to encode.
ENCODED = ("slash", "backslash", "nullcharacter", "semicolon", "percent", "questionmark", "hash")


def flags_of(recording: Recording, name: str) -> list[str]:
    return [each.removeprefix("--") for each in arguments(recording) if each[2:].startswith(name)]


def flags(recording: Recording, name: str) -> dict[str, str]:
    """The values of the flag `name` and of those below it, by the rest of their names."""
    found = [each.removeprefix(name).partition("=") for each in flags_of(recording, name)]
    return {rest: value for rest, _, value in found if rest[:1] in ("", ".")}


def pod(recording: Recording) -> dict[str, Any]:
    deployment = recording.one("Deployment", "gateway-controller-server").inputs
    found: dict[str, Any] = deployment["spec"]["template"]["spec"]
    return found


def pod_labels(recording: Recording) -> dict[str, str]:
    deployment = recording.one("Deployment", "gateway-controller-server").inputs
    found: dict[str, str] = deployment["spec"]["template"]["metadata"]["labels"]
    assert found.items() <= deployment["metadata"]["labels"].items()
    return found


def permissions(role: Resource) -> dict[str, list[str]]:
    """The verbs of a role, by API group and resource."""
    return {
        f"{group}/{resource}": rule["verbs"]
        for rule in role.inputs["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }


def test_a_load_balancer_without_an_address_is_an_error_that_names_it() -> None:
    with pytest.raises(pulumi.RunError, match="`slipway-gateway/gateway` has no load balancer"):
        up(address={"port": "1"})


def test_allowed_ranges_are_the_load_balancer_s_source_ranges() -> None:
    service = up(allow=["10.0.0.0/8"]).one("Service", "gateway-controller-service").inputs
    assert service["spec"]["loadBalancerSourceRanges"] == ["10.0.0.0/8"]


def test_traefik_serves_the_ingress_class_of_ingress_nginx() -> None:
    recording = up()
    ingress_class = recording.one("IngressClass").inputs
    assert ingress_class["metadata"]["name"] == "nginx"
    assert ingress_class["spec"]["controller"] == "k8s.io/ingress-nginx"
    assert flags(recording, "providers.kubernetesingressnginx") == {
        "": "true",
        ".ingressclass": "nginx",
        ".controllerclass": "k8s.io/ingress-nginx",
        ".httpentrypoint": "web",
        ".httpsentrypoint": "websecure",
        ".publishservice": "slipway-gateway/gateway",
        ".watchnamespaceselector": ("kubernetes.io/metadata.name in (models,slipway-gateway)"),
    }
    service = recording.one("Service", "gateway-controller-service").inputs
    assert service["metadata"]["name"] == "gateway"


def test_traefik_sends_no_usage_data_and_has_no_dashboard() -> None:
    recording = up()
    assert flags(recording, "global") == {
        ".checknewversion": "false",
        ".sendanonymoususage": "false",
    }
    assert flags(recording, "api") == {"": "false"}


def test_a_new_route_is_served_soon_after_another() -> None:
    """Traefik's default is 2 s: calls right after `up` would end in 404."""
    assert flags(up(), "providers.providersthrottleduration") == {"": "100ms"}


def test_traefik_answers_the_kubelet_on_a_port_of_its_own() -> None:
    recording = up()
    assert flags(recording, "ping") == {"": "true", ".entrypoint": "ping"}
    assert flags(recording, "entrypoints.ping") == {".address": ":8080"}
    (container,) = pod(recording)["containers"]
    assert {"name": "ping", "containerPort": 8080} in container["ports"]
    for probe in ("startupProbe", "livenessProbe"):
        assert container[probe]["httpGet"] == {"path": "/ping", "port": "ping"}
    assert container["readinessProbe"]["tcpSocket"] == {"port": "websecure"}


def test_traefik_logs_at_the_level_info() -> None:
    assert flags(up(), "log") == {".level": "INFO"}


@pytest.mark.parametrize(("entry", "port"), [("web", 8000), ("websecure", 8443)])
def test_an_entry_point_has_these_settings_and_no_other(entry: str, port: int) -> None:
    """`test_gateway_limits.py` has those that follow `slipway:limits`."""
    recording = up(limits={"deadline": "1m", "idle": "2m", "streams": 7})
    assert flags(recording, f"entrypoints.{entry}") == {
        ".address": f":{port}",
        ".transport.respondingtimeouts.readtimeout": "70s",
        ".transport.respondingtimeouts.writetimeout": "0s",
        ".transport.respondingtimeouts.idletimeout": "120s",
        ".transport.lifecycle.gracetimeout": "70s",
        ".http2.maxconcurrentstreams": "7",
        ".http.maxheaderbytes": "16384",
        ".http.aliasheadersstrategy": "delete",
        **{f".http.encodedcharacters.allowencoded{each}": "false" for each in ENCODED},
    }
    (container,) = pod(recording)["containers"]
    assert {"name": entry, "containerPort": port} in container["ports"]


def test_traefik_gets_no_other_flag() -> None:
    known = ("global", "api", "providers.", "log.level", "ping", "entrypoints.")
    recording = up()
    assert [each for each in arguments(recording) if not each[2:].startswith(known)] == []
    assert flags(recording, "providers.file") == {".filename": "/etc/traefik/config/config.yaml"}
    providers = {each.split(".")[1].split("=")[0] for each in flags_of(recording, "providers")}
    assert providers == {"kubernetesingressnginx", "file", "providersthrottleduration"}
    entries = {each.split(".")[1] for each in flags_of(recording, "entrypoints")}
    assert entries == {"web", "websecure", "ping"}


def test_traefik_s_dynamic_configuration_refuses_compressed_requests_and_does_no_more() -> None:
    """Its allow list contains no client, so it refuses every request of its routers."""
    compressed = {
        "rule": "HeaderRegexp(`Content-Encoding`, `.`) || HeaderRegexp(`Grpc-Encoding`, `^[^i]`)",
        "priority": 2**31,
        "middlewares": ["refuse"],
        "service": "noop@internal",
    }
    no_client = {"sourceRange": ["255.255.255.255/32"], "rejectStatusCode": 415}
    http = {
        "routers": {
            "compressed": {**compressed, "entryPoints": ["web"]},
            "compressed-tls": {**compressed, "entryPoints": ["websecure"], "tls": {}},
        },
        "middlewares": {"refuse": {"ipAllowList": no_client}},
    }
    assert traefik_configuration(up()) == {"http": http}
    certificate = {
        "certFile": "/etc/traefik/config/tls.crt",
        "keyFile": "/etc/traefik/config/tls.key",
    }
    assert traefik_configuration(up(host=None)) == {
        "http": http,
        "tls": {"stores": {"default": {"defaultCertificate": certificate}}},
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
    assert pod(recording)["serviceAccountName"] == "gateway-controller-account-1a2b3c4d"


def test_clients_reach_two_ports_of_traefik_and_traefik_reaches_the_models() -> None:
    recording = up()
    policy = recording.one("NetworkPolicy", "gateway-controller-open").inputs
    assert policy["metadata"]["namespace"] == "slipway-gateway"
    assert policy["spec"] == {
        "podSelector": {"matchLabels": pod_labels(recording)},
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
            "podSelector": {"matchLabels": pod_labels(recording)},
        }
    ]


def test_the_load_balancer_leads_to_traefik_s_entry_points() -> None:
    recording = up()
    service = recording.one("Service", "gateway-controller-service").inputs
    assert service["spec"] == {
        "type": "LoadBalancer",
        "selector": pod_labels(recording),
        "ports": [
            {"name": "http", "port": 80, "targetPort": "web"},
            {"name": "https", "port": 443, "targetPort": "websecure"},
        ],
    }


def test_a_drain_evicts_one_of_traefik_s_replicas_at_a_time() -> None:
    recording = up(controller={"kind": "traefik", "replicas": 2})
    assert recording.one("PodDisruptionBudget").inputs["spec"]["maxUnavailable"] == 1


def test_traefik_is_the_default_controller_of_local_and_existing_clusters() -> None:
    recording = up(controller=None)
    assert recording.one("Deployment", "gateway-controller-server")
