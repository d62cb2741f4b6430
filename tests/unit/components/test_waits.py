"""How long `up` waits before it reports a failure."""

from __future__ import annotations

import re

from components.config.load import load
from components.stack import deploy
from tests.unit.components.engine import run
from tests.unit.components.environment import model, stack_file


def test_up_waits_two_minutes_for_a_claim_that_is_not_bound() -> None:
    claim = run(lambda: deploy(load()), stack_file()).one("PersistentVolumeClaim")
    assert claim.create_timeout == "2m"


def test_up_waits_for_a_roll_out_until_its_status_reports_a_failure() -> None:
    config = stack_file(models={"m": model(startup_timeout="40s")})
    recording = run(lambda: deploy(load()), config)
    deployments = recording.of("Deployment")
    assert {each.name for each in deployments} == {"m-server", "gateway-controller-server"}
    for each in deployments:
        progress = each.inputs["spec"]["progressDeadlineSeconds"]
        assert re.fullmatch(r"\d+s", each.create_timeout)
        assert progress < int(each.create_timeout[:-1]) <= progress + 20


def test_up_waits_for_pods_at_the_deployment_and_not_at_the_service() -> None:
    """A failed model then has one reason, and a refresh does not fail while its pods are gone."""
    service = run(lambda: deploy(load()), stack_file(models={"m": model()})).one(
        "Service", "m-service"
    )
    assert service.inputs["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}
