"""The resources that the program registers for the dev stack, their order, and its outputs."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.clusters.local import LocalCluster
from components.config.load import load
from components.stack import deploy
from tests.unit.components.engine import ADDRESS, Recording, run
from tests.unit.components.environment import model, stack_file


def up(**changes: Any) -> Recording:
    return run(lambda: deploy(load()), stack_file(**changes))


def test_the_outputs_are_exactly_the_public_interface() -> None:
    outputs = up().outputs
    assert outputs.pop("kubeconfig")
    assert outputs == {
        "endpoints": {
            "half_plus_two": {
                "runtime": "tfserving",
                "protocol": "tensorflow-serving",
                "grpc": {
                    "target": f"{ADDRESS}:443",
                    "authority": "models.localhost",
                    "path": "/half_plus_two",
                    "tls": True,
                },
                "rest": {
                    "url": "https://models.localhost/half_plus_two/v1/models/half_plus_two:predict",
                    "connect_to": f"{ADDRESS}:443",
                },
            }
        },
        "gateway": {
            "address": ADDRESS,
            "host": "models.localhost",
            "ca_certificate": "CERTIFICATE",
            "message_bytes": 64 * 1024 * 1024,
            "deadline_seconds": 90,
        },
        "cluster": {"kind": "local", "name": "slipway-test"},
    }


def test_the_kubeconfig_is_the_only_secret_output() -> None:
    assert up().secret_outputs == {"kubeconfig"}


@pytest.mark.parametrize("kind", ["local", "existing"])
def test_the_provider_gets_its_kubeconfig_as_a_secret(kind: str) -> None:
    recording = up(cluster={"kind": kind})
    # The key that marks a secret on the wire.
    assert "4dabf18193072939515e22adb298388d" in recording.one("kubernetes").inputs["kubeconfig"]


def test_a_kubeconfig_that_a_cluster_forgot_to_hide_is_a_secret_output(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original = LocalCluster.__init__

    def careless(self: LocalCluster, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.kubeconfig = pulumi.Output.from_input("open")

    monkeypatch.setattr(LocalCluster, "__init__", careless)
    assert "kubeconfig" in up().secret_outputs


def test_a_model_with_two_replicas_takes_seven_kubernetes_objects() -> None:
    volumes = {"models": {"size": "1Gi", "access_mode": "ReadWriteMany"}}
    one = up(volumes=volumes)
    two = up(volumes=volumes, models={"a": model(replicas=2), "half_plus_two": model()})
    counts = [
        sum(each.type.startswith("kubernetes:") for each in it.resources) for it in (one, two)
    ]
    assert counts[1] - counts[0] == 7


def test_another_model_touches_only_objects_of_its_own() -> None:
    def objects(recording: Recording) -> dict[str, Any]:
        return {each.urn: each.inputs for each in recording.resources if each.custom}

    before = objects(up())
    after = objects(up(models={"half_plus_two": model(), "other": model()}))
    provider = {urn for urn in before if urn.endswith("cluster-provider")}
    assert {urn for urn in before if before[urn] != after.get(urn)} <= provider
    assert all("other" in urn.rpartition("::")[2] for urn in set(after) - set(before))


def test_every_component_has_a_token_of_three_parts() -> None:
    components = [
        each.type
        for each in up().resources
        if not each.custom and each.type != "pulumi:pulumi:Stack"
    ]
    assert components
    for token in components:
        package, area, name = token.split(":")
        assert package == "slipway"
        assert area in {"clusters", "platform", "gateway", "runtimes"}
        assert name[0].isupper()


def test_every_child_is_named_for_its_component_and_its_role() -> None:
    recording = up()
    by_urn = {each.urn: each for each in recording.resources}
    for each in recording.resources:
        parent = by_urn.get(each.parent)
        if parent is not None and parent.type != "pulumi:pulumi:Stack":
            assert each.name.startswith(f"{parent.name}-"), each.name


def test_every_object_is_made_by_the_cluster_s_own_provider() -> None:
    for each in up().resources:
        if each.type.startswith("kubernetes:"):
            assert "cluster-provider" in each.provider, each.name


def test_only_objects_with_a_fixed_name_are_deleted_before_they_are_replaced() -> None:
    fixed = {
        each.name
        for each in up().resources
        if each.custom and "name" in each.inputs.get("metadata", {}) and each.kind != "Namespace"
    }
    assert fixed == {each.name for each in up().resources if each.delete_before_replace}
    assert "half-plus-two-server" not in fixed


def test_a_route_is_deleted_before_its_model_the_controller_and_the_namespaces() -> None:
    recording = up()
    for route in recording.of("Ingress"):
        needs = recording.needs(route)
        assert {
            "half-plus-two-server",
            "half-plus-two-service",
            "gateway-controller-server",
            "gateway-controller-service",
            "gateway-tls-secret",
            "models-namespace",
        } <= needs


def test_the_controller_is_deleted_before_its_permissions() -> None:
    recording = up()
    server = recording.one("Deployment", "gateway-controller-server")
    assert "gateway-controller-access-models-binding" in recording.needs(server)


def test_a_model_is_deleted_before_the_volume_that_it_reads() -> None:
    recording = up()
    server = recording.one("Deployment", "half-plus-two-server")
    assert "volumes-models" in recording.needs(server)


def test_every_object_in_a_namespace_is_deleted_before_it() -> None:
    recording = up()
    namespaces = {
        "models": "models-namespace",
        "slipway-gateway": "gateway-controller-home-namespace",
    }
    checked = 0
    for each in recording.resources:
        namespace = each.inputs.get("metadata", {}).get("namespace")
        if namespace:
            assert namespaces[namespace] in recording.needs(each), each.name
            checked += 1
    assert checked > 15


@pytest.mark.parametrize("kind", ["Deployment"])
def test_every_pod_runs_restricted(kind: str) -> None:
    for deployment in up().of(kind):
        pod = deployment.inputs["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["containers"]:
            security = container["securityContext"]
            assert security["allowPrivilegeEscalation"] is False
            assert security["readOnlyRootFilesystem"] is True
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert set(container["resources"]) == {"requests", "limits"}
            assert {"startupProbe", "readinessProbe", "livenessProbe"} <= set(container)
            assert container["imagePullPolicy"] == "Always"


def test_a_model_s_pod_has_no_token_of_the_api() -> None:
    pod = up().one("Deployment", "half-plus-two-server").inputs["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False


def test_a_pod_serves_until_it_has_left_the_endpoints_and_then_finishes_its_calls() -> None:
    for deployment in up().of("Deployment"):
        pod = deployment.inputs["spec"]["template"]["spec"]
        sleep = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert sleep > 0
        assert pod["terminationGracePeriodSeconds"] >= sleep + 90
        strategy = deployment.inputs["spec"]["strategy"]["rollingUpdate"]
        assert strategy == {"maxUnavailable": 0, "maxSurge": 1}


def test_a_namespace_admits_only_restricted_pods_and_denies_traffic_by_default() -> None:
    recording = up()
    assert len(recording.of("Namespace")) == 4  # two objects, each in a component
    for namespace in recording.resources:
        if namespace.type == "kubernetes:core/v1:Namespace":
            labels = namespace.inputs["metadata"]["labels"]
            assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    denials = [each for each in recording.of("NetworkPolicy") if each.name.endswith("-deny")]
    assert len(denials) == 2
    for policy in denials:
        assert policy.inputs["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_the_namespace_of_the_models_is_the_configured_one() -> None:
    recording = up(namespace="team-a")
    deployment = recording.one("Deployment", "half-plus-two-server")
    assert deployment.inputs["metadata"]["namespace"] == "team-a"


def test_a_disruption_budget_exists_only_if_a_pod_can_be_evicted() -> None:
    assert up().of("PodDisruptionBudget") == []
    recording = up(
        models={"half_plus_two": model(replicas=2)},
        volumes={"models": {"size": "1Gi", "access_mode": "ReadWriteMany"}},
    )
    budget = recording.one("PodDisruptionBudget")
    assert budget.inputs["spec"]["maxUnavailable"] == 1


def test_every_image_comes_from_the_mirror() -> None:
    recording = up(images={"mirror": "slipway.local"})
    images = {
        container["image"]
        for deployment in recording.of("Deployment")
        for container in deployment.inputs["spec"]["template"]["spec"]["containers"]
    }
    assert images == {"slipway.local/tensorflow/serving:2.19.1", "slipway.local/traefik:v3.7.15"}


def test_the_claim_of_a_volume_has_its_name() -> None:
    volume = {"size": "5Gi", "access_mode": "ReadWriteMany", "storage_class": "fast"}
    claim = up(volumes={"models": volume}).one("PersistentVolumeClaim").inputs
    assert claim["metadata"] == {"name": "models", "namespace": "models"}
    assert claim["spec"] == {
        "accessModes": ["ReadWriteMany"],
        "resources": {"requests": {"storage": "5Gi"}},
        "storageClassName": "fast",
    }


def test_a_stack_without_models_has_no_endpoints_and_a_gateway() -> None:
    recording = up(models={})
    assert recording.outputs["endpoints"] == {}
    assert recording.outputs["gateway"]["address"] == ADDRESS


def test_a_preview_needs_no_response_of_the_cluster() -> None:
    recording = run(lambda: deploy(load()), stack_file(), preview=True)
    assert len(recording.of("Ingress")) == 2
