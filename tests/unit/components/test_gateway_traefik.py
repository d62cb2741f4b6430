"""Traefik: its flags, its rights, its load balancer."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from tests.unit.components.engine import Recording
from tests.unit.components.gateway import arguments, up

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


def test_a_load_balancer_without_an_address_is_an_error_that_names_it() -> None:
    with pytest.raises(pulumi.RunError, match="`slipway-gateway/gateway` has no load balancer"):
        up(address={"port": "1"})


def test_ranges_that_may_connect_are_the_load_balancer_s() -> None:
    service = up(allow=["10.0.0.0/8"]).one("Service", "gateway-controller-service").inputs
    assert service["spec"]["loadBalancerSourceRanges"] == ["10.0.0.0/8"]


def test_traefik_answers_for_the_class_of_ingress_nginx() -> None:
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


def test_traefik_calls_nobody_home_and_shows_no_dashboard() -> None:
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


def test_traefik_logs_what_it_does_and_not_every_step() -> None:
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


def test_traefik_reads_two_namespaces_and_nothing_else() -> None:
    recording = up()
    cluster_role = recording.one("ClusterRole").inputs
    readable = {resource for rule in cluster_role["rules"] for resource in rule["resources"]}
    assert readable == {"namespaces", "ingressclasses"}
    assert {role.inputs["metadata"]["namespace"] for role in recording.of("Role")} == {
        "models",
        "slipway-gateway",
    }
    for role in (recording.one("ClusterRole"), *recording.of("Role")):
        for rule in role.inputs["rules"]:
            writes = set(rule["verbs"]) - {"list", "watch"}
            assert writes <= ({"update"} if rule["resources"] == ["ingresses/status"] else set())


def test_traefik_s_replicas_survive_a_drain() -> None:
    recording = up(controller={"kind": "traefik", "replicas": 2})
    assert recording.one("PodDisruptionBudget").inputs["spec"]["maxUnavailable"] == 1


def test_local_and_existing_clusters_are_served_by_traefik_unless_told_otherwise() -> None:
    recording = up(controller=None)
    assert recording.one("Deployment", "gateway-controller-server")
