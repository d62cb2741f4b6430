"""The account and region that a stack is made in, and the login of its kubeconfig."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.clouds import ACCOUNT
from local.clouds.account import PROFILES
from local.clouds.clouds import CLOUDS
from tests.engine.apiserver import ApiServer
from tests.engine.clouds.life import Life, of
from tests.engine.clouds.test_life import ROOT
from tests.engine.program.controllers import controllers

PRODUCTION = {"ack": "2" * 16, "eks": "2" * 12}
#: Package, the setting that names a profile, and what a cloud's own objects are.
NAMES = {"ack": "alicloud", "eks": "aws"}


def stack(home: Path, directory: Path, cluster: ApiServer, kind: str) -> Life:
    """A stack of `kind`; its cloud has a profile `production` of another account."""
    life = Life(directory / "program", home, directory / "account", cluster, kind)
    profiles = directory / "account" / NAMES[kind]
    profiles.mkdir(parents=True)
    (profiles / PROFILES).write_text(json.dumps({"production": PRODUCTION[kind]}))
    return life


def config(kind: str, **cluster: Any) -> dict[str, Any]:
    """The cluster alone of the committed stack file."""
    whole = yaml.safe_load((ROOT / f"Pulumi.{kind}.yaml").read_text())["config"]
    asked = {**whole["slipway:cluster"], "deletion_protection": False, **cluster}
    return {"slipway:cluster": asked}


@pytest.mark.parametrize("kind", NAMES)
def test_a_profile_in_the_stack_file_is_who_makes_cloud_and_objects(
    simulated_home: Path, tmp_path: Path, new_cluster: ApiServer, kind: str
) -> None:
    life = stack(simulated_home, tmp_path, new_cluster, kind)
    package, default = NAMES[kind], CLOUDS[NAMES[kind]].account
    pinned = config(kind, account=PRODUCTION[kind])

    life.write(pinned)
    for command in (("preview",), ("up", "--yes", "--skip-preview")):
        refused, steps = life.run(*command, check=False)
        assert refused.code != 0
        assert f"slipway:cluster.account is `{PRODUCTION[kind]}`" in refused.text
        assert f"`{default}`" in refused.text
        assert "Traceback" not in refused.text
        assert of(steps, "create", f"{package}:*", "kubernetes:*", "tls:*") == []

    life.write({**pinned, f"{package}:profile": "production"})
    previewed, _ = life.run("preview")
    region = pinned["slipway:cluster"]["region"]
    said = f"account {PRODUCTION[kind]}, as `slipway:cluster.account` says, region {region}"
    assert said in previewed.text
    with controllers(new_cluster, "kube-system"):
        _, steps = life.made()
        # By the kubeconfig, whose login is refused for a cluster of another account.
        assert of(steps, "create", "kubernetes:*")
        _, steps = life.run("up", "--yes", "--skip-preview", "--expect-no-changes")
        assert steps == []
        life.destroyed()
    life.assert_gone()


def test_of_aws_no_other_account_refreshes_or_destroys_what_the_file_pins(
    simulated_home: Path, tmp_path: Path, new_cluster: ApiServer
) -> None:
    life = stack(simulated_home, tmp_path, new_cluster, "eks")
    life.write(config("eks", account=CLOUDS["aws"].account))
    with controllers(new_cluster, "kube-system"):
        life.made()
    profiles = tmp_path / "account" / "aws" / PROFILES
    profiles.write_text(json.dumps({"": PRODUCTION["eks"]}))
    before = life.resources()
    refused, _ = life.run("refresh", "--yes", "--skip-preview", check=False)
    assert refused.code != 0
    assert f"AWS account ID not allowed: {PRODUCTION['eks']}" in refused.text
    refused, steps = life.destroyed(check=False)
    assert refused.code != 0
    assert of(steps, "delete", "aws:*") == []
    assert {each["urn"] for each in life.resources()} == {each["urn"] for each in before}
    profiles.unlink()
    with controllers(new_cluster, "kube-system"):
        life.destroyed()
    life.assert_gone()


@pytest.mark.parametrize("account", [None, "pinned"])
@pytest.mark.parametrize("kind", NAMES)
def test_a_preview_without_credentials_goes_on_and_says_that_the_account_is_not_known(
    simulated_home: Path, tmp_path: Path, cluster: ApiServer, kind: str, account: str | None
) -> None:
    life = stack(simulated_home, tmp_path, cluster, kind)
    life.write(config(kind, **({"account": PRODUCTION[kind]} if account else {})))
    del life.environment[ACCOUNT]
    previewed, steps = life.run("preview")
    assert "account not known (no valid credential sources found" in previewed.text
    assert ("; `up` takes 2222" in previewed.text) == bool(account)
    assert "error" not in previewed.diagnostics()
    assert of(steps, "create", f"{NAMES[kind]}:*")
