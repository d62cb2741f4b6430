"""The add-on metrics-server, from which autoscalers read the load of pods."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from components.addons.metrics_server_options import METRICS_SERVER_IMAGE, MetricsServerOptions
from components.addons.present import PresentAddon
from components.config.load import load
from components.stack import deploy
from tests.unit.components.engine import Recording, run
from tests.unit.components.environment import model, stack_file

SCALED = {"a": model(replicas={"max": 2})}
EXISTING = {"kind": "existing"}
API = "v1beta1.metrics.k8s.io"


def up(**changes: Any) -> Recording:
    return run(lambda: deploy(load()), stack_file(**changes))


def server(recording: Recording) -> dict[str, Any]:
    spec: dict[str, Any] = recording.one("Deployment", "metrics-server-server").inputs["spec"]
    return spec


def arguments(recording: Recording) -> list[str]:
    (container,) = server(recording)["template"]["spec"]["containers"]
    found: list[str] = container["args"]
    return found


def test_it_is_installed_only_if_a_model_scales_or_the_stack_file_names_it() -> None:
    assert up().of("APIService") == []
    assert up(models=SCALED).one("APIService").inputs["metadata"] == {"name": API}
    assert up(models={}, addons={"metrics-server": {}}).one("APIService")


def test_on_an_existing_cluster_it_is_only_read(cluster: Path) -> None:
    recording = up(cluster=EXISTING, models=SCALED)
    api = recording.one("APIService")
    assert api.read
    assert api.inputs["id"] == API
    assert recording.of("MetricsServer") == []


def test_the_stack_file_may_choose_either(cluster: Path) -> None:
    installed = up(cluster=EXISTING, models=SCALED, addons={"metrics-server": {}})
    assert not installed.one("APIService").read
    assert up(models=SCALED, addons={"metrics-server": {"kind": "present"}}).one("APIService").read


@pytest.mark.parametrize("conditions", [[], [{"type": "Available", "status": "True"}]])
def test_an_available_api_is_no_warning(conditions: list[dict[str, str]]) -> None:
    assert warnings({"conditions": conditions}) == []


def test_an_unavailable_api_is_a_warning() -> None:
    condition = {"type": "Available", "status": "False", "message": "no endpoints"}
    (warning,) = warnings({"conditions": [condition]})
    assert "slipway:addons.metrics-server" in warning
    assert "no endpoints" in warning


def warnings(status: dict[str, Any]) -> list[str]:
    def program() -> dict[str, Any]:
        addon = PresentAddon("metrics-server", MetricsServerOptions.evidence)
        addon._warn(status)
        return {}

    return run(program, {}).warnings


def test_the_api_server_verifies_its_certificate() -> None:
    recording = up(models=SCALED)
    spec = recording.one("APIService").inputs["spec"]
    assert "insecureSkipTLSVerify" not in spec
    assert base64.b64decode(spec["caBundle"]) == b"CERTIFICATE"
    service = {"name": "metrics-server", "namespace": "slipway-metrics"}
    assert spec["service"] == service
    certificate = recording.one("SelfSignedCert", "metrics-server-tls-certificate").inputs
    assert certificate["dnsNames"] == [f"{service['name']}.{service['namespace']}.svc"]
    volumes = server(recording)["template"]["spec"]["volumes"]
    (volume,) = (each for each in volumes if "secret" in each)
    assert volume["secret"]["secretName"].startswith("metrics-server-tls-secret")


def test_it_verifies_kubelets_unless_the_stack_file_disables_that() -> None:
    assert "--kubelet-insecure-tls" not in arguments(up(models=SCALED))
    insecure = {"metrics-server": {"kubelet_insecure_tls": True}}
    assert "--kubelet-insecure-tls" in arguments(up(models=SCALED, addons=insecure))


def test_its_image_comes_from_the_mirror() -> None:
    recording = up(models=SCALED, images={"mirror": "registry.example.com"})
    (container,) = server(recording)["template"]["spec"]["containers"]
    assert container["image"] == METRICS_SERVER_IMAGE.replace(
        "registry.k8s.io", "registry.example.com"
    )


def test_it_may_read_load_and_delegate_authentication_and_nothing_else() -> None:
    recording = up(models=SCALED)
    rules = recording.one("ClusterRole", "metrics-server-reader").inputs["rules"]
    assert {verb for rule in rules for verb in rule["verbs"]} == {"get", "list", "watch"}
    assert {each for rule in rules for each in rule["resources"]} == {
        "nodes",
        "nodes/metrics",
        "pods",
    }
    bound = [
        each.inputs["roleRef"]["name"]
        for each in recording.resources
        if each.kind.endswith("RoleBinding") and each.name.startswith("metrics-server-")
    ]
    assert sorted(bound) == [
        "extension-apiserver-authentication-reader",
        "metrics-server-reader-1a2b3c4d",
        "system:auth-delegator",
    ]


def test_its_pods_start_when_all_of_its_permissions_exist() -> None:
    recording = up(models=SCALED)
    needed = recording.needs(recording.one("Deployment", "metrics-server-server"))
    assert {
        "metrics-server-reader-binding",
        "metrics-server-delegator",
        "metrics-server-authentication",
    } <= needed


def test_the_api_is_created_last_and_deleted_first() -> None:
    recording = up(models=SCALED)
    needed = recording.needs(recording.one("APIService"))
    assert {
        "metrics-server-server",
        "metrics-server-service",
        "metrics-server-home-namespace",
    } <= needed


@pytest.mark.parametrize(
    ("old", "read"),
    [("metrics-server", False), ({"kind": "metrics-server"}, False), ("present", True)],
)
def test_the_old_name_of_the_add_on_is_accepted_with_a_warning(old: Any, read: bool) -> None:
    recording = up(models=SCALED, metrics=old)
    assert bool(recording.one("APIService").read) == read
    old_name = "slipway:metrics is the old name of `slipway:addons.metrics-server`"
    assert [each for each in recording.warnings if old_name in each]


def test_a_stack_that_had_it_under_the_old_name_keeps_its_objects() -> None:
    server = up(models=SCALED).one("MetricsServer")
    assert server.aliases == [("metrics", "slipway:platform:MetricsServer")]
