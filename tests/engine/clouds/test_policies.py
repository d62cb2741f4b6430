"""The policy pack, run by the engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from local.paths import Clone
from tests.engine.clouds.conftest import StackFactory
from tests.engine.clouds.simulated import SimulatedProject
from tests.engine.project import Outcome

#: A cluster that breaks no rule, with a key whose ARN a preview does not know.
_CLUSTER = """
from pulumi_aws import eks, kms
key = kms.Key("key", enable_key_rotation=True)
cluster = eks.Cluster("c",
    access_config={{"authentication_mode": "API"}},
    deletion_protection=True,
    enabled_cluster_log_types=["api", "audit", "authenticator", "controllerManager", "scheduler"],
    encryption_config={{"provider": {{"key_arn": key.arn}}, "resources": ["secrets"]}},
    role_arn="arn:aws:iam::123456789012:role/cluster",
    version="1.35",
    vpc_config={{
        "endpoint_private_access": True,
        "endpoint_public_access": {public},
        "public_access_cidrs": {cidrs},
        "subnet_ids": ["subnet-00000000000000001", "subnet-00000000000000002"],
    }})
"""


def _cluster(public: bool = True, cidrs: tuple[str, ...] = ("203.0.113.0/24",)) -> str:
    return _CLUSTER.format(public=public, cidrs=list(cidrs))


@pytest.fixture
def pack() -> Path:
    clone = Clone.here()
    if not clone.policy_venv.is_dir():
        pytest.skip("policy/.venv is not there: `python3 -m local test engine` puts it there")
    return clone.root / "policy"


def _previewed(stack: SimulatedProject, pack: Path, program: str, *arguments: str) -> Outcome:
    stack.program(program)
    return stack.preview("--policy-pack", str(pack), *arguments, check=False)


def test_a_cluster_that_breaks_no_rule_passes_before_its_key_is_known(
    new_stack: StackFactory, pack: Path
) -> None:
    passed = _previewed(new_stack(), pack, _cluster())
    assert passed.code == 0, passed.text
    assert "✅ slipway" in passed.text
    assert "can't run policy" not in passed.text


def test_a_cluster_that_is_open_to_all_is_refused_before_anything_is_made(
    new_stack: StackFactory, pack: Path
) -> None:
    stack = new_stack()
    refused = _previewed(stack, pack, _cluster(cidrs=("203.0.113.0/24", "0.0.0.0/0")))
    assert refused.code != 0
    assert "[mandatory]  CKV_AWS_38  (aws:eks:Cluster: c)" in refused.text
    assert refused.text.count("[mandatory]") == 1
    assert not stack.resources()


def test_a_file_turns_on_a_rule_that_is_off(
    new_stack: StackFactory, pack: Path, tmp_path: Path
) -> None:
    strict = tmp_path / "strict.json"
    strict.write_text(json.dumps({"CKV_AWS_39": "mandatory"}))
    refused = _previewed(new_stack(), pack, _cluster(), "--policy-pack-config", str(strict))
    assert refused.code != 0
    assert "[mandatory]  CKV_AWS_39" in refused.text
    assert (
        _previewed(
            new_stack(), pack, _cluster(public=False), "--policy-pack-config", str(strict)
        ).code
        == 0
    )
