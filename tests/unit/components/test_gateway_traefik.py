"""Traefik: its flags, its configuration, its load balancer."""

from __future__ import annotations

import pulumi
import pytest

from components.kubernetes.object import UNTIL_ADDRESSED
from tests.unit.components.engine import Recording
from tests.unit.components.gateway import (
    arguments,
    traefik_configuration,
    traefik_labels,
    traefik_pod,
    traefik_volume,
    up,
)

#: Characters that a path of a model's API never has to encode.
ENCODED = ("slash", "backslash", "nullcharacter", "semicolon", "percent", "questionmark", "hash")


def flags_of(recording: Recording, name: str) -> list[str]:
    return [each.removeprefix("--") for each in arguments(recording) if each[2:].startswith(name)]


def flags(recording: Recording, name: str) -> dict[str, str]:
    """The values of the flag `name` and of those below it, by the rest of their names."""
    found = [each.removeprefix(name).partition("=") for each in flags_of(recording, name)]
    return {rest: value for rest, _, value in found if rest[:1] in ("", ".")}


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
    (container,) = traefik_pod(recording)["containers"]
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
    (container,) = traefik_pod(recording)["containers"]
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


def test_another_configuration_is_another_config_map_so_that_pods_roll_out() -> None:
    recording = up()
    config = recording.one("ConfigMap", "gateway-controller-config").inputs
    assert config["metadata"] == {"namespace": "slipway-gateway"}
    assert config["immutable"] is True
    assert traefik_volume(recording, "config")["projected"]["sources"] == [
        {"configMap": {"name": "gateway-controller-config-1a2b3c4d"}}
    ]
    (container,) = traefik_pod(recording)["containers"]
    mount = {"name": "config", "mountPath": "/etc/traefik/config", "readOnly": True}
    assert mount in container["volumeMounts"]


def test_objects_of_a_fixed_name_are_deleted_before_they_are_replaced() -> None:
    recording = up()
    assert recording.one("Service", "gateway-controller-service").delete_before_replace
    assert recording.one("IngressClass", "gateway-controller-class").delete_before_replace


def test_traefik_asks_for_little_and_is_limited_in_all() -> None:
    """`test_gateway_limits.py` explains the memory limit: 640 MiB for the process, 512 for the
    spool."""
    (container,) = traefik_pod(up())["containers"]
    requests, bounds = container["resources"]["requests"], container["resources"]["limits"]
    assert (requests["cpu"], requests["memory"]) == ("100m", "128Mi")
    assert (bounds["cpu"], bounds["memory"]) == ("2", "1152Mi")


def test_traefik_has_three_minutes_to_start() -> None:
    server = up().one("Deployment", "gateway-controller-server")
    assert server.create_timeout == "195s", "with the margin in which the deadline is reported"
    assert server.inputs["spec"]["progressDeadlineSeconds"] == 180


def test_the_load_balancer_has_the_cluster_s_annotations_and_is_deployed_with_an_address() -> None:
    annotations = {"example.com/kind": "nlb"}
    cluster = {"kind": "existing", "load_balancer_annotations": annotations}
    service = up(cluster=cluster).one("Service", "gateway-controller-service").inputs
    assert service["metadata"]["annotations"] == {**annotations, **UNTIL_ADDRESSED}


def test_the_load_balancer_leads_to_traefik_s_entry_points() -> None:
    recording = up()
    service = recording.one("Service", "gateway-controller-service").inputs
    assert service["spec"] == {
        "type": "LoadBalancer",
        "selector": traefik_labels(recording),
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
