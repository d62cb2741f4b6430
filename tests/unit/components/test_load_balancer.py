"""A model straight on a load balancer."""

from __future__ import annotations

from typing import Any

import pytest

from components.config.load import load
from components.kubernetes.object import UNTIL_ADDRESSED
from components.stack import deploy
from tests.unit.components.engine import ADDRESS, Recording, run
from tests.unit.components.environment import model, stack_file

SEED: dict[str, Any] = {"kind": "load_balancer", "port": 9090}


def up(address: dict[str, str] | None = None, **expose: Any) -> Recording:
    config = stack_file(
        cluster={"kind": "existing", "load_balancer_annotations": {"example.com/kind": "nlb"}},
        models={"half_plus_two": model(expose={**SEED, **expose})},
    )
    return run(lambda: deploy(load()), config, address=address)


def service(recording: Recording) -> dict[str, Any]:
    return recording.one("Service", "half-plus-two-balancer").inputs


def test_the_port_leads_straight_to_the_server_s_grpc() -> None:
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


def test_the_endpoint_says_that_it_is_plain_and_at_the_root() -> None:
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


def test_rest_is_exposed_where_it_has_a_port() -> None:
    recording = up(address={"ip": "2001:db8::7"}, rest_port=8501)
    assert recording.outputs["endpoints"]["half_plus_two"]["rest"] == {
        "url": "http://[2001:db8::7]:8501/v1/models/half_plus_two:predict",
        "connect_to": "[2001:db8::7]:8501",
    }
    assert [each["port"] for each in service(recording)["spec"]["ports"]] == [9090, 8501]


def test_the_gateway_has_no_route_to_it() -> None:
    assert up().of("Ingress") == []


def test_its_pods_take_calls_from_anywhere_on_the_exposed_port_alone() -> None:
    policy = up().one("NetworkPolicy", "half-plus-two-callers").inputs["spec"]
    assert policy["ingress"] == [{"ports": [{"port": 8500}]}]
    policy = up(rest_port=80).one("NetworkPolicy", "half-plus-two-callers").inputs["spec"]
    assert policy["ingress"] == [{"ports": [{"port": 8500}, {"port": 8501}]}]


def test_only_the_ranges_that_are_allowed_may_connect() -> None:
    assert "loadBalancerSourceRanges" not in service(up())["spec"]
    ranges = ["10.0.0.0/8", "192.0.2.0/24"]
    assert service(up(allow=ranges))["spec"]["loadBalancerSourceRanges"] == ranges


def test_what_is_lost_is_said_each_time() -> None:
    (warning,) = up().warnings
    assert "slipway:models.half_plus_two.expose opens gRPC on port 9090 to everybody" in warning
    for lost in ("no TLS", "no authentication", "no routing", "no limits"):
        assert lost in warning
    (warning,) = up(allow=["10.0.0.0/8"], rest_port=80).warnings
    assert "gRPC on port 9090 and REST on port 80 to 10.0.0.0/8" in warning


def test_it_is_open_once_the_server_answers() -> None:
    recording = up()
    balancer = recording.one("Service", "half-plus-two-balancer")
    assert "half-plus-two-server" in recording.needs(balancer)


@pytest.mark.parametrize("who", ["a", "b"])
def test_models_of_one_server_share_its_load_balancer(who: str) -> None:
    models = {name: model(server="numbers") for name in "ab"}
    models[who]["expose"] = SEED
    recording = run(lambda: deploy(load()), stack_file(models=models))
    assert len([each for each in recording.of("Service") if "balancer" in each.name]) == 1
    targets = {each["grpc"]["target"] for each in recording.outputs["endpoints"].values()}
    assert targets == {f"{ADDRESS}:9090"}
