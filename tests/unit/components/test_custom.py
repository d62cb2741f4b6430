"""A model behind any server that speaks a known protocol."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.config.load import load
from components.runtimes.custom_options import CustomOptions
from components.stack import deploy
from tests.unit.components.engine import Recording, run
from tests.unit.components.environment import model, stack_file
from tests.unit.components.sdk_types import SECRET

#: MLServer, from the example of the options.
MLSERVER: dict[str, Any] = CustomOptions.model_config["json_schema_extra"]["examples"][0]  # type: ignore[index,call-overload]


def up(secrets: dict[str, str] | None = None, **changes: Any) -> Recording:
    config = stack_file(models={"digits": model(**{**MLSERVER, **changes})}, secrets=secrets)
    return run(lambda: deploy(load()), config, secret_keys=("secrets",) if secrets else ())


def pod(recording: Recording, server: str = "digits") -> dict[str, Any]:
    spec: dict[str, Any] = recording.one("Deployment", f"{server}-server").inputs["spec"]
    found: dict[str, Any] = spec["template"]["spec"]
    return found


def test_the_image_runs_its_own_command_unless_the_stack_file_sets_one() -> None:
    (container,) = pod(up())["containers"]
    assert container["image"] == "seldonio/mlserver:1.7.1"
    assert "command" not in container
    assert container["args"] == []


def test_command_and_arguments_are_those_of_the_stack_file() -> None:
    (container,) = pod(up(command=["mlserver"], arguments=["start", "/mnt/models"]))["containers"]
    assert container["command"] == ["mlserver"]
    assert container["args"] == ["start", "/mnt/models"]


def test_the_model_s_files_are_in_the_model_directory() -> None:
    (container,) = pod(up(model_directory="/srv/model"))["containers"]
    assert container["volumeMounts"][0]["mountPath"] == "/srv/model"


def test_several_models_have_a_directory_each_in_the_model_directory() -> None:
    models = {name: model(**MLSERVER, server="shared") for name in ("a", "b")}
    recording = run(lambda: deploy(load()), stack_file(models=models))
    (container,) = pod(recording, "shared")["containers"]
    mounts = [mount["mountPath"] for mount in container["volumeMounts"]]
    assert mounts == ["/mnt/models/a", "/mnt/models/b", "/tmp"]


def test_the_probes_use_the_server_s_own_paths() -> None:
    (container,) = pod(up())["containers"]
    for probe in ("startupProbe", "readinessProbe"):
        assert container[probe]["httpGet"] == {"path": "/v2/models/digits/ready", "port": "rest"}
    assert container["livenessProbe"]["httpGet"] == {"path": "/v2/health/live", "port": "rest"}


def test_all_probes_use_the_path_if_there_is_only_one() -> None:
    (container,) = pod(up(health={"path": "/ping"}))["containers"]
    assert container["livenessProbe"]["httpGet"]["path"] == "/ping"


def test_the_probes_use_grpc_health_if_the_server_has_it() -> None:
    (container,) = pod(up(health={"grpc": True}, ports={"grpc": 9000}))["containers"]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["grpc"] == {"port": 9000}


def test_a_variable_is_a_value_or_a_reference_to_a_secret() -> None:
    env = {"MODE": "fast", "TOKEN": {"secret": "hub"}}
    recording = up(secrets={"hub": "s3cr3t-t0ken"}, environment=env)
    secret = recording.one("Secret", "digits-secrets")
    assert secret.inputs["immutable"] is True
    assert SECRET in secret.inputs["stringData"]
    assert "s3cr3t-t0ken" in json.dumps(secret.inputs["stringData"])
    (container,) = pod(recording)["containers"]
    assert container["env"] == [
        {"name": "MODE", "value": "fast"},
        {
            "name": "TOKEN",
            "valueFrom": {"secretKeyRef": {"name": "digits-secrets-1a2b3c4d", "key": "TOKEN"}},
        },
    ]


def test_a_secret_value_is_nowhere_but_in_the_secret() -> None:
    recording = up(secrets={"hub": "s3cr3t-t0ken"}, environment={"TOKEN": {"secret": "hub"}})
    holding = [each.name for each in recording.resources if "s3cr3t-t0ken" in str(each.inputs)]
    assert holding == ["digits-secrets"]


def test_no_secret_is_created_without_a_secret_variable() -> None:
    assert up().of("Secret", "digits-secrets") == []


def test_the_user_is_the_image_s_and_all_else_stays_restricted() -> None:
    found = pod(up(user=1000))
    assert found["securityContext"]["runAsUser"] == 1000
    assert found["securityContext"]["runAsNonRoot"] is True
    (container,) = found["containers"]
    assert "runAsUser" not in container["securityContext"], "the pod's would not hold"
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_the_default_user_is_no_account_of_the_node() -> None:
    least = {key: value for key, value in MLSERVER.items() if key != "user"}
    recording = run(lambda: deploy(load()), stack_file(models={"digits": model(**least)}))
    assert pod(recording)["securityContext"]["runAsUser"] == 65532


@pytest.mark.parametrize(
    ("protocol", "grpc", "url"),
    [
        (
            "open-inference-v2",
            r"inference\.GRPCInferenceService",
            "/digits/v2/models/digits/infer",
        ),
        ("tensorflow-serving", r"tensorflow\.serving", "/digits/v1/models/digits:predict"),
    ],
)
def test_the_protocol_determines_the_routes_and_the_outputs(
    protocol: str, grpc: str, url: str
) -> None:
    recording = up(protocol=protocol)
    (rule,) = recording.one("Ingress", "digits-route-grpc").inputs["spec"]["rules"]
    (path,) = rule["http"]["paths"]
    assert grpc in path["path"]
    assert path["backend"]["service"]["port"]["number"] == 8081
    endpoint = recording.outputs["endpoints"]["digits"]
    assert endpoint["protocol"] == protocol
    assert endpoint["rest"]["url"] == f"https://models.localhost{url}"


def test_a_server_of_one_protocol_has_one_port_and_one_route() -> None:
    recording = up(ports={"rest": 8080})
    (container,) = pod(recording)["containers"]
    assert [port["containerPort"] for port in container["ports"]] == [8080]
    assert [each.name for each in recording.of("Ingress")] == ["digits-route-rest"]
    assert recording.outputs["endpoints"]["digits"]["grpc"] is None
