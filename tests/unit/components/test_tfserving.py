"""A model behind TensorFlow Serving."""

from __future__ import annotations

from typing import Any

import pytest

from components.config.load import load
from components.stack import deploy
from tests.unit.components.engine import Recording, run
from tests.unit.components.environment import model, stack_file


def up(
    limits: dict[str, Any] | None = None, access_mode: str = "ReadWriteOnce", **changes: Any
) -> Recording:
    volumes = {"models": {"size": "1Gi", "access_mode": access_mode}}
    config = stack_file(models={"half_plus_two": model(**changes)}, limits=limits, volumes=volumes)
    return run(lambda: deploy(load()), config)


def server(recording: Recording) -> dict[str, Any]:
    deployment = recording.one("Deployment", "half-plus-two-server")
    pod: dict[str, Any] = deployment.inputs["spec"]["template"]["spec"]
    return pod


def test_the_server_reads_its_model_from_an_immutable_configuration() -> None:
    recording = up()
    config = recording.one("ConfigMap", "half-plus-two-config").inputs
    assert config["immutable"] is True
    assert config["data"]["models.config"] == (
        "model_config_list {\n"
        "  config {\n"
        '    name: "half_plus_two"\n'
        '    base_path: "/volumes/models/half_plus_two"\n'
        '    model_platform: "tensorflow"\n'
        "    model_version_policy { latest { num_versions: 1 } }\n"
        "  }\n"
        "}\n"
    )
    assert server(recording)["volumes"][1]["configMap"]["name"] == "half-plus-two-config-1a2b3c4d"


def test_a_changed_path_changes_the_configuration() -> None:
    source = {"kind": "pvc", "claim": "models", "path": "team/other"}
    config = up(source=source).one("ConfigMap", "half-plus-two-config").inputs
    assert 'base_path: "/volumes/models/team/other"' in config["data"]["models.config"]


def test_the_server_runs_with_the_flags_of_the_real_image() -> None:
    container = server(up())["containers"][0]
    assert container["command"] == ["/usr/bin/tensorflow_model_server"]
    assert container["args"] == [
        "--port=8500",
        "--rest_api_port=8501",
        "--model_config_file=/config/models.config",
        "--enable_grpc_healthcheck_service",
        "--grpc_channel_arguments=grpc.compression_enabled_algorithms_bitset=1",
        "--rest_api_timeout_in_ms=90000",
        "--file_system_poll_wait_seconds=1",
        "--max_num_load_retries=5",
        "--load_retry_interval_micros=5000000",
    ]


def test_a_rest_call_may_take_as_long_as_the_deadline() -> None:
    container = server(up(limits={"deadline": "5m"}))["containers"][0]
    assert "--rest_api_timeout_in_ms=300000" in container["args"]


def test_the_whole_volume_is_mounted_read_only_so_that_new_versions_appear() -> None:
    pod = server(up())
    assert pod["volumes"][0] == {
        "name": "claim-models",
        "persistentVolumeClaim": {"claimName": "models", "readOnly": True},
    }
    assert pod["containers"][0]["volumeMounts"][0] == {
        "name": "claim-models",
        "mountPath": "/volumes/models",
        "readOnly": True,
    }


def test_the_startup_probe_asks_the_model_and_the_other_probes_grpc_health() -> None:
    container = server(up())["containers"][0]
    assert container["startupProbe"]["httpGet"] == {
        "path": "/v1/models/half_plus_two",
        "port": "rest",
    }
    assert container["readinessProbe"]["grpc"] == {"port": 8500}
    assert container["livenessProbe"]["grpc"] == {"port": 8500}


def test_the_startup_timeout_is_what_the_probe_waits() -> None:
    recording = up(startup_timeout="10m")
    probe = server(recording)["containers"][0]["startupProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] == 600
    spec = recording.one("Deployment", "half-plus-two-server").inputs["spec"]
    assert spec["progressDeadlineSeconds"] == 600


def test_a_server_that_gives_up_leaves_its_last_lines_as_the_reason() -> None:
    container = server(up())["containers"][0]
    assert container["terminationMessagePolicy"] == "FallbackToLogsOnError"


def test_only_the_gateway_s_pods_may_call_a_model() -> None:
    policy = up().one("NetworkPolicy", "half-plus-two-callers").inputs["spec"]
    (rule,) = policy["ingress"]
    assert [port["port"] for port in rule["ports"]] == [8500, 8501]
    (peer,) = rule["from"]
    assert peer["namespaceSelector"]["matchLabels"] == {
        "kubernetes.io/metadata.name": "slipway-gateway"
    }
    assert peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"] == "traefik"


def test_the_service_selects_the_pods_of_its_model() -> None:
    recording = up()
    service = recording.one("Service", "half-plus-two-service").inputs["spec"]
    spec = recording.one("Deployment", "half-plus-two-server").inputs["spec"]
    assert service["selector"] == spec["selector"]["matchLabels"]
    assert service["selector"].items() <= spec["template"]["metadata"]["labels"].items()
    assert [(each["name"], each["port"]) for each in service["ports"]] == [
        ("grpc", 8500),
        ("rest", 8501),
    ]


def test_requests_and_limits_are_the_configured_ones() -> None:
    resources = {
        "requests": {"cpu": "250m", "memory": "2Gi"},
        "limits": {"cpu": 4, "memory": "3Gi"},
    }
    found = server(up(resources=resources))["containers"][0]["resources"]
    assert (found["requests"]["cpu"], found["requests"]["memory"]) == ("250m", "2Gi")
    assert (found["limits"]["cpu"], found["limits"]["memory"]) == ("4", "3Gi")


def test_a_request_above_the_default_limit_raises_that_limit() -> None:
    resources = {"requests": {"memory": "8Gi", "cpu": 6}}
    limits = server(up(resources=resources))["containers"][0]["resources"]["limits"]
    assert (limits["memory"], limits["cpu"]) == ("8Gi", "6")


def test_a_limit_below_the_default_request_lowers_that_request() -> None:
    resources = {"limits": {"memory": "128Mi", "cpu": "50m"}}
    small = {"message_size": "4Mi"}
    requests = server(up(resources=resources, limits=small))["containers"][0]["resources"][
        "requests"
    ]
    assert (requests["memory"], requests["cpu"]) == ("128Mi", "50m")


def test_an_image_of_one_s_own_replaces_the_pin() -> None:
    container = server(up(image="registry.example.com/serving:2.19.1-gpu"))["containers"][0]
    assert container["image"] == "registry.example.com/serving:2.19.1-gpu"


def test_pods_that_mount_a_volume_of_one_node_run_on_that_node() -> None:
    config = stack_file(models={"a": model(replicas=2), "b": model()})
    recording = run(lambda: deploy(load()), config)
    for name in ("a-server", "b-server"):
        template = recording.one("Deployment", name).inputs["spec"]["template"]
        (term,) = template["spec"]["affinity"]["podAffinity"][
            "requiredDuringSchedulingIgnoredDuringExecution"
        ]
        assert term["topologyKey"] == "kubernetes.io/hostname"
        assert term["labelSelector"] == {"matchLabels": {"claim.slipway.dev/models": "mounted"}}
        # The first of the pods can be scheduled only if it matches itself.
        assert template["metadata"]["labels"]["claim.slipway.dev/models"] == "mounted"


@pytest.mark.parametrize("mode", ["ReadWriteMany", "ReadOnlyMany"])
def test_pods_that_mount_a_volume_of_many_nodes_run_on_any(mode: str) -> None:
    assert "affinity" not in server(up(access_mode=mode, replicas=2))


def test_pods_that_mount_a_claim_from_outside_the_stack_have_no_affinity() -> None:
    source = {"kind": "pvc", "claim": "other", "path": "half_plus_two"}
    assert "affinity" not in server(up(source=source))


def test_pods_of_one_node_do_not_block_its_drain() -> None:
    assert up(replicas=2).of("PodDisruptionBudget") == []
    assert len(up(replicas=2, access_mode="ReadWriteMany").of("PodDisruptionBudget")) == 1
