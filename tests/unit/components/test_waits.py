"""How long `up` waits before it says what is wrong."""

from __future__ import annotations

import re

from components.config.load import load
from components.stack import deploy
from tests.unit.components.engine import run
from tests.unit.components.environment import model, stack_file


def test_a_claim_that_nothing_binds_is_given_up_after_two_minutes() -> None:
    claim = run(lambda: deploy(load()), stack_file()).one("PersistentVolumeClaim")
    assert claim.create_timeout == "2m"


def test_a_roll_out_is_waited_for_until_it_has_said_that_it_failed() -> None:
    config = stack_file(models={"m": model(startup_timeout="40s")})
    recording = run(lambda: deploy(load()), config)
    deployments = recording.of("Deployment")
    assert {each.name for each in deployments} == {"m-server", "gateway-controller-server"}
    for each in deployments:
        progress = each.inputs["spec"]["progressDeadlineSeconds"]
        assert re.fullmatch(r"\d+s", each.create_timeout)
        assert progress < int(each.create_timeout[:-1]) <= progress + 20


def test_the_service_of_a_server_leaves_waiting_for_pods_to_the_deployment() -> None:
    """One reason for a model that fails, and a refresh that goes on while its pods are gone."""
    service = run(lambda: deploy(load()), stack_file(models={"m": model()})).one(
        "Service", "m-service"
    )
    assert service.inputs["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}
