"""Models behind Triton."""

from __future__ import annotations

import re
from typing import Any

import pytest

from components.config.load import load
from components.stack import deploy
from tests.unit.components.engine import Recording, run
from tests.unit.components.environment import model, stack_file
from tests.unit.components.triton import container, pod, triton, up

WARM_UP = {
    "inputs": {
        "x": {"data_type": "TYPE_FP32", "dims": [3]},
        "noise": {"data_type": "TYPE_UINT8", "dims": [2, 4], "random": True},
    },
    "batch_size": 2,
    "count": 5,
}
RESTRICTED = "shared-memory,trace,logging,model-repository:slipway-pod=$(POD_ID)"


def settings(recording: Recording) -> dict[str, str]:
    data = recording.one("ConfigMap", "half-plus-two-config").inputs["data"]
    return {name: text for name, text in data.items() if name.endswith(".pbtxt")}


def test_the_server_is_run_by_the_official_image_s_entry_point() -> None:
    server = container(up())
    assert server["image"] == "nvcr.io/nvidia/tritonserver:26.06-py3"
    assert "command" not in server
    assert server["args"] == [
        "tritonserver",
        "--model-repository=/models",
        "--http-port=8000",
        "--grpc-port=8001",
        "--model-control-mode=poll",
        "--repository-poll-secs=15",
        f"--grpc-restricted-protocol={RESTRICTED}",
        f"--http-restricted-api={RESTRICTED}",
        "--strict-readiness=false",
        "--exit-timeout-secs=90",
        "--log-info=false",
        "--allow-gpu-metrics=false",
        "--pinned-memory-pool-byte-size=0",
    ]


def test_with_an_accelerator_the_server_s_gpu_features_stay_on() -> None:
    pools = {"gpu": {"accelerator": {"kind": "nvidia"}, "labels": {"pool": "gpu"}}}
    config = stack_file(
        cluster={"kind": "local", "node_pools": pools},
        models={"half_plus_two": triton(accelerator={"kind": "nvidia"})},
    )
    arguments = container(run(lambda: deploy(load()), config))["args"]
    assert [each for each in arguments if "gpu" in each or "pinned" in each] == []


def test_apis_that_control_the_server_need_the_uid_of_its_pod() -> None:
    (variable,) = container(up())["env"]
    assert variable == {
        "name": "POD_ID",
        "valueFrom": {"fieldRef": {"fieldPath": "metadata.uid"}},
    }
    explicit = container(up(half_plus_two=triton(model_control_mode="explicit")))["args"]
    restricted = [each for each in explicit if "restricted" in each]
    assert len(restricted) == 2
    assert all("shared-memory,trace,logging:slipway-pod=$(POD_ID)" in each for each in restricted)


def test_a_model_s_directory_is_one_of_the_repository_under_the_model_s_name() -> None:
    mounts = container(up(half_plus_two=triton("triton/half")))["volumeMounts"]
    assert mounts[0] == {
        "name": "claim-models",
        "mountPath": "/models/half_plus_two",
        "subPath": "triton/half",
        "readOnly": True,
    }


def test_models_of_one_server_are_directories_of_one_repository() -> None:
    recording = up(a=triton("x", server="both"), B_c=triton("y", server="both", replicas=2))
    mounts = container(recording, "both")["volumeMounts"]
    found = {each["mountPath"]: each["subPath"] for each in mounts if "subPath" in each}
    assert found == {"/models/a": "x", "/models/B_c": "y"}
    assert recording.outputs["endpoints"]["B_c"] == {
        "runtime": "triton",
        "protocol": "open-inference-v2",
        "grpc": {
            "target": "203.0.113.7:443",
            "authority": "models.localhost",
            "path": "/B_c",
            "tls": True,
        },
        "rest": {
            "url": "https://models.localhost/B_c/v2/models/B_c/infer",
            "connect_to": "203.0.113.7:443",
        },
    }


def test_it_is_ready_by_grpc_health_and_alive_by_its_own_path() -> None:
    server = container(up())
    assert server["startupProbe"]["grpc"] == server["readinessProbe"]["grpc"] == {"port": 8001}
    assert server["livenessProbe"]["httpGet"] == {"path": "/v2/health/live", "port": "rest"}


def test_tensors_are_shared_in_memory_of_the_configured_size() -> None:
    recording = up(half_plus_two=triton(shared_memory="1Gi"))
    volume = next(each for each in pod(recording)["volumes"] if each["name"] == "shared-memory")
    assert volume["emptyDir"] == {"medium": "Memory", "sizeLimit": "1Gi"}
    mounts = container(recording)["volumeMounts"]
    assert {"name": "shared-memory", "mountPath": "/dev/shm"} in mounts


@pytest.mark.parametrize(
    ("size", "flag"),
    [("1Mi", None), ("64Mi", None), ("65Mi", f"--http-max-input-size={65 * 2**20}")],
)
def test_a_request_over_rest_may_be_as_large_as_the_message_size(
    size: str, flag: str | None
) -> None:
    arguments = container(up(limits={"message_size": size}))["args"]
    assert [each for each in arguments if "input-size" in each] == ([flag] if flag else [])


def test_running_calls_may_take_as_long_as_the_deadline() -> None:
    assert "--exit-timeout-secs=300" in container(up(limits={"deadline": "5m"}))["args"]


def test_the_repository_is_polled_as_often_as_configured() -> None:
    arguments = container(up(half_plus_two=triton(repository_poll="1m")))["args"]
    assert "--repository-poll-secs=60" in arguments


def test_in_explicit_mode_the_models_of_the_server_are_named_and_nothing_is_polled() -> None:
    explicit = {"server": "both", "model_control_mode": "explicit"}
    arguments = container(up(a=triton(**explicit), b=triton(**explicit)), "both")["args"]
    control = [each for each in arguments if re.search("control|load|poll", each)]
    assert control == ["--model-control-mode=explicit", "--load-model=a", "--load-model=b"]


def test_a_model_without_settings_has_its_own_configuration_and_no_init_container() -> None:
    recording = up()
    assert "initContainers" not in pod(recording)
    assert recording.of("ConfigMap", "half-plus-two-config") == []


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"versions": "all"}, "version_policy { all { } }\n"),
        ({"versions": {"latest": 3}}, "version_policy { latest { num_versions: 3 } }\n"),
        ({"versions": {"specific": [1, 3]}}, "version_policy { specific { versions: [1, 3] } }\n"),
        ({"batching": {}}, "dynamic_batching { max_queue_delay_microseconds: 0 }\n"),
        (
            {
                "batching": {
                    "max_batch_size": 8,
                    "preferred_batch_size": [4, 8],
                    "max_queue_delay_microseconds": 100,
                }
            },
            """\
max_batch_size: 8
dynamic_batching { preferred_batch_size: 4 preferred_batch_size: 8 \
max_queue_delay_microseconds: 100 }
""",
        ),
        (
            {"warm_up": WARM_UP},
            """\
model_warmup {
  name: "stack file"
  batch_size: 2
  count: 5
  inputs {
    key: "x"
    value { data_type: TYPE_FP32 dims: [3] zero_data: true }
  }
  inputs {
    key: "noise"
    value { data_type: TYPE_UINT8 dims: [2, 4] random_data: true }
  }
}
""",
        ),
    ],
)
def test_settings_are_fields_of_triton_s_model_configuration(
    options: dict[str, Any], field: str
) -> None:
    assert settings(up(half_plus_two=triton(**options))) == {"half_plus_two.pbtxt": field}


def test_an_init_container_merges_settings_into_the_model_s_configuration() -> None:
    a = triton("a", server="both", versions="all", image="example.com/triton:1")
    recording = up(a=a, b=triton("b", server="both"))
    spec = pod(recording, "both")
    (merging,) = spec["initContainers"]
    assert merging["image"] == "example.com/triton:1"
    assert merging["command"] == [
        "python3", "/config/settings.py", "/models", "/config", "/settings", "a"
    ]  # fmt: skip
    mounted = {each["mountPath"]: each for each in merging["volumeMounts"]}
    assert mounted["/models/a"]["subPath"] == "a"
    assert {"/config", "/settings"} <= set(mounted)
    assert "/models/b" not in mounted, "b has no settings"
    assert [each for each in spec["containers"][0]["volumeMounts"] if "pbtxt" in str(each)] == [
        {
            "name": "settings",
            "mountPath": "/models/a/config.pbtxt",
            "subPath": "a.pbtxt",
            "readOnly": True,
        }
    ]
    config = recording.one("ConfigMap", "both-config").inputs
    assert "def merged(" in config["data"]["settings.py"]


def test_settings_are_merged_after_the_model_s_files_are_copied() -> None:
    source = {"kind": "s3", "uri": "s3://bucket/m", "version": 1, "credentials": "key"}
    spec = pod(up(half_plus_two=triton(source=source, versions="all")))
    names = [each["name"] for each in spec["initContainers"]]
    assert names == ["fetch-half-plus-two", "settings"]


def test_models_of_triton_and_of_another_runtime_stand_side_by_side() -> None:
    endpoints = up(a=triton(), b=model()).outputs["endpoints"]
    assert [each["protocol"] for each in endpoints.values()] == [
        "open-inference-v2",
        "tensorflow-serving",
    ]
