"""A model that is exposed by a load balancer of its own."""

from __future__ import annotations

from typing import Any

import pytest

from components.config.load import load
from components.kubernetes.object import UNTIL_ADDRESSED
from components.stack import deploy
from tests.unit.components.engine import ADDRESS, Recording, run
from tests.unit.components.environment import model, stack_file

EXPOSE: dict[str, Any] = {"kind": "load_balancer", "port": 9090}


def up(address: dict[str, str] | None = None, **expose: Any) -> Recording:
    config = stack_file(
        cluster={"kind": "existing", "load_balancer_annotations": {"example.com/kind": "nlb"}},
        models={"half_plus_two": model(expose={**EXPOSE, **expose})},
    )
    return run(lambda: deploy(load()), config, address=address)


def service(recording: Recording) -> dict[str, Any]:
    return recording.one("Service", "half-plus-two-balancer").inputs


def test_the_load_balancer_s_port_leads_to_the_server_s_grpc_port() -> None:
    recording = up()
    assert service(recording)["spec"]["type"] == "LoadBalancer"
    assert service(recording)["spec"]["ports"] == [
        {"name": "grpc", "port": 9090, "targetPort": "grpc"}
    ]
    pods = recording.one("Deployment", "half-plus-two-server").inputs["spec"]["template"]
    assert service(recording)["spec"]["selector"].items() <= pods["metadata"]["labels"].items()
    assert service(recording)["metadata"]["annotations"] == {
        "example.com/kind": "nlb",
        **UNTIL_ADDRESSED,
    }


def test_the_endpoint_has_no_tls_and_no_path() -> None:
    assert up().outputs["endpoints"]["half_plus_two"] == {
        "runtime": "tfserving",
        "protocol": "tensorflow-serving",
        "grpc": {
            "target": f"{ADDRESS}:9090",
            "authority": f"{ADDRESS}:9090",
            "path": "",
            "tls": False,
        },
        "rest": None,
    }


def test_rest_is_exposed_if_the_stack_file_has_a_rest_port() -> None:
    recording = up(address={"ip": "2001:db8::7"}, rest_port=8501)
    assert recording.outputs["endpoints"]["half_plus_two"]["rest"] == {
        "url": "http://[2001:db8::7]:8501/v1/models/half_plus_two:predict",
        "connect_to": "[2001:db8::7]:8501",
    }
    assert [each["port"] for each in service(recording)["spec"]["ports"]] == [9090, 8501]


def test_an_exposed_model_has_no_ingress_object() -> None:
    assert up().of("Ingress") == []


def test_the_network_policy_admits_everybody_on_the_exposed_ports_only() -> None:
    policy = up().one("NetworkPolicy", "half-plus-two-callers").inputs["spec"]
    assert policy["ingress"] == [{"ports": [{"port": 8500}]}]
    policy = up(rest_port=80).one("NetworkPolicy", "half-plus-two-callers").inputs["spec"]
    assert policy["ingress"] == [{"ports": [{"port": 8500}, {"port": 8501}]}]


def test_allowed_ranges_are_the_load_balancer_s_source_ranges() -> None:
    assert "loadBalancerSourceRanges" not in service(up())["spec"]
    ranges = ["10.0.0.0/8", "192.0.2.0/24"]
    assert service(up(allow=ranges))["spec"]["loadBalancerSourceRanges"] == ranges


def test_each_run_warns_of_what_an_exposed_model_loses() -> None:
    (warning,) = up().warnings
    assert "slipway:models.half_plus_two.expose opens gRPC on port 9090 to everybody" in warning
    for loss in ("no TLS", "no authentication", "no routing", "no limits"):
        assert loss in warning
    (warning,) = up(allow=["10.0.0.0/8"], rest_port=80).warnings
    assert "gRPC on port 9090 and REST on port 80 to 10.0.0.0/8" in warning


def test_the_load_balancer_is_created_after_the_server_is_ready() -> None:
    recording = up()
    balancer = recording.one("Service", "half-plus-two-balancer")
    assert "half-plus-two-server" in recording.needs(balancer)


@pytest.mark.parametrize("exposed", ["a", "b"])
def test_models_of_one_server_share_its_load_balancer(exposed: str) -> None:
    models = {name: model(server="numbers") for name in "ab"}
    models[exposed]["expose"] = EXPOSE
    recording = run(lambda: deploy(load()), stack_file(models=models))
    assert len([each for each in recording.of("Service") if "balancer" in each.name]) == 1
    targets = {each["grpc"]["target"] for each in recording.outputs["endpoints"].values()}
    assert targets == {f"{ADDRESS}:9090"}
