"""A platform and models beside it: both are made, stay as they are, and go, the models first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.engine.apiserver import ApiServer, api_server
from tests.engine.clouds.conftest import Toy
from tests.engine.clouds.life import Life, of, shown
from tests.engine.clouds.test_life import CLOUDS, ROOT
from tests.engine.program.controllers import controllers

#: What lets pods in.
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
def test_models_come_and_go_beside_a_platform(
    simulated_home: Path, tmp_path: Path, kind: str
) -> None:
    beneath, above = _configs(kind)
    (tmp_path / "cluster").mkdir()
    with api_server(tmp_path / "cluster") as cluster:
        platform = Life(
            tmp_path / "program", simulated_home, tmp_path / "account", cluster, "platform"
        )
        platform.write(beneath)
        for name in CLOUDS[kind].namespaces:
            cluster.kubectl("create", "namespace", name)
        models = platform.beside("models")
        models.write(above)
        with controllers(cluster, "models", "slipway-gateway", "kube-system"):
            platform.made()
            _, steps = models.made()
            print(shown(steps))
            for pattern in IDENTITY[kind]:
                assert of(steps, "create", pattern), pattern
            _assert_made_of_what_is_told(platform, models)
            for stack in (platform, models):
                _, steps = stack.run("up", "--yes", "--skip-preview", "--expect-no-changes")
                assert steps == [], shown(steps)
            for stack in (models, platform):
                stack.destroyed()
                assert stack.resources() == []
    for account in platform.account.glob("*/resources.json"):
        assert json.loads(account.read_text()) == []


def _assert_made_of_what_is_told(platform: Life, models: Life) -> None:
    told = platform.outputs()["cluster"]["identity"]
    made = json.dumps([each for each in models.resources() if each["type"] != _REFERENCE])
    assert told
    assert [key for key, value in told.items() if value not in made] == []


_OLDER = """
pulumi.export("cluster", {"kind": "gke", "name": "platform"})
pulumi.export("kubeconfig", Output.secret("{}"))
"""


def test_nothing_is_made_on_the_cluster_of_an_older_platform(
    toy: Toy, simulated_home: Path, tmp_path: Path, cluster: ApiServer
) -> None:
    platform = toy()
    platform.program(_OLDER)
    platform.up()
    models = Life(tmp_path / "program", simulated_home, tmp_path / "account", cluster, "models")
    models.environment["PULUMI_BACKEND_URL"] = platform.environment["PULUMI_BACKEND_URL"]
    models.init()
    _, above = _configs("gke")
    models.write({**above, "cluster": {**above["cluster"], "stack": "organization/bench/dev"}})
    refused, steps = models.made(check=False)
    assert refused.code != 0
    assert "run `pulumi up --stack organization/bench/dev`" in refused.text
    assert "Traceback" not in refused.text
    assert of(steps, "create", "kubernetes:*", "*:kubernetes", "gcp:*", "*:gcp") == []
