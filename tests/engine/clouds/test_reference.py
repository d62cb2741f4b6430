"""A stack with the cluster and one with the models: both are created, and destroyed, models first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.engine.apiserver import ApiServer, api_server
from tests.engine.clouds.conftest import StackFactory
from tests.engine.clouds.lifecycle import CloudStack, of, shown
from tests.engine.clouds.test_lifecycle import CLOUDS, ROOT
from tests.engine.program.controllers import controllers

#: The types that make up an identity.
IDENTITY = {
    "ack": ("alicloud:ram/role:*", "alicloud:ram/policy:*", "alicloud:ram/rolePolicyAttachment:*"),
    "eks": ("aws:iam/role:*", "aws:iam/rolePolicy:*", "aws:eks/podIdentityAssociation:*"),
    "gke": ("gcp:storage/bucketIAMMember:*",),
}
_REFERENCE = "pulumi:pulumi:StackReference"


def _configs(kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The committed stack of a cloud as two: its cluster, and one model of it."""
    whole = yaml.safe_load((ROOT / f"Pulumi.{kind}.yaml").read_text())["config"]
    model = {**whole["slipway:models"]["half_plus_two"], "replicas": 1}
    reference = {
        "kind": "reference",
        "stack": "organization/slipway/platform",
        "identity": kind,
    }
    platform = {"cluster": {**whole["slipway:cluster"], "deletion_protection": False}}
    gateway = whole["slipway:gateway"]
    return platform, {"cluster": reference, "gateway": gateway, "models": {"m": model}}


@pytest.mark.parametrize("kind", CLOUDS)
def test_models_are_deployed_to_the_cluster_of_another_stack(
    simulated_home: Path, tmp_path: Path, kind: str
) -> None:
    cluster_config, models_config = _configs(kind)
    (tmp_path / "cluster").mkdir()
    with api_server(tmp_path / "cluster") as cluster:
        platform = CloudStack(
            tmp_path / "program", simulated_home, tmp_path / "account", cluster, "platform"
        )
        platform.write(cluster_config)
        for name in CLOUDS[kind].namespaces:
            cluster.kubectl("create", "namespace", name)
        models = platform.other("models")
        models.write(models_config)
        with controllers(cluster, "models", "slipway-gateway", "kube-system"):
            platform.deploy()
            _, steps = models.deploy()
            print(shown(steps))
            for pattern in IDENTITY[kind]:
                assert of(steps, "create", pattern), pattern
            _assert_identity_outputs_used(platform, models)
            for stack in (platform, models):
                _, steps = stack.run("up", "--yes", "--skip-preview", "--expect-no-changes")
                assert steps == [], shown(steps)
            for stack in (models, platform):
                stack.tear_down()
                assert stack.resources() == []
    for account in platform.account.glob("*/resources.json"):
        assert json.loads(account.read_text()) == []


def _assert_identity_outputs_used(platform: CloudStack, models: CloudStack) -> None:
    identity = platform.outputs()["cluster"]["identity"]
    resources = json.dumps([each for each in models.resources() if each["type"] != _REFERENCE])
    assert identity
    assert [key for key, value in identity.items() if value not in resources] == []


_WITHOUT_IDENTITY = """
pulumi.export("cluster", {"kind": "gke", "name": "platform"})
pulumi.export("kubeconfig", Output.secret("{}"))
"""


def test_a_cluster_without_identity_outputs_is_refused_before_anything_is_made(
    new_stack: StackFactory, simulated_home: Path, tmp_path: Path, cluster: ApiServer
) -> None:
    platform = new_stack()
    platform.program(_WITHOUT_IDENTITY)
    platform.up()
    models = CloudStack(
        tmp_path / "program", simulated_home, tmp_path / "account", cluster, "models"
    )
    models.environment["PULUMI_BACKEND_URL"] = platform.environment["PULUMI_BACKEND_URL"]
    models.init()
    _, config = _configs("gke")
    models.write({**config, "cluster": {**config["cluster"], "stack": "organization/bench/dev"}})
    refused, steps = models.deploy(check=False)
    assert refused.code != 0
    assert "run `pulumi up --stack organization/bench/dev`" in refused.text
    assert "Traceback" not in refused.text
    assert of(steps, "create", "kubernetes:*", "*:kubernetes", "gcp:*", "*:gcp") == []
