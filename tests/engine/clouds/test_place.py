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
from tests.engine.clouds.lifecycle import CloudStack, of
from tests.engine.clouds.test_lifecycle import ROOT
from tests.engine.program.controllers import controllers

PRODUCTION = {"ack": "2" * 16, "eks": "2" * 12}
#: The package of each cloud.
PACKAGES = {"ack": "alicloud", "eks": "aws"}


def stack(home: Path, directory: Path, cluster: ApiServer, kind: str) -> CloudStack:
    """A stack of `kind`. Its cloud has a profile `production` of another account."""
    cloud_stack = CloudStack(directory / "program", home, directory / "account", cluster, kind)
    profiles = directory / "account" / PACKAGES[kind]
    profiles.mkdir(parents=True)
    (profiles / PROFILES).write_text(json.dumps({"production": PRODUCTION[kind]}))
    return cloud_stack


def config(kind: str, **cluster: Any) -> dict[str, Any]:
    """Only the cluster of the committed stack file, with changes."""
    whole = yaml.safe_load((ROOT / f"Pulumi.{kind}.yaml").read_text())["config"]
    changed = {**whole["slipway:cluster"], "deletion_protection": False, **cluster}
    return {"slipway:cluster": changed}


@pytest.mark.parametrize("kind", PACKAGES)
def test_the_profile_in_the_stack_file_makes_resources_and_kubernetes_objects(
    simulated_home: Path, tmp_path: Path, new_cluster: ApiServer, kind: str
) -> None:
    cloud_stack = stack(simulated_home, tmp_path, new_cluster, kind)
    package, default = PACKAGES[kind], CLOUDS[PACKAGES[kind]].account
    pinned = config(kind, account=PRODUCTION[kind])

    cloud_stack.write(pinned)
    for command in (("preview",), ("up", "--yes", "--skip-preview")):
        refused, steps = cloud_stack.run(*command, check=False)
        assert refused.code != 0
        assert f"slipway:cluster.account is `{PRODUCTION[kind]}`" in refused.text
        assert f"`{default}`" in refused.text
        assert "Traceback" not in refused.text
        assert of(steps, "create", f"{package}:*", "kubernetes:*", "tls:*") == []

    cloud_stack.write({**pinned, f"{package}:profile": "production"})
    previewed, _ = cloud_stack.run("preview")
    region = pinned["slipway:cluster"]["region"]
    place = f"account {PRODUCTION[kind]}, as `slipway:cluster.account` says, region {region}"
    assert place in previewed.text
    with controllers(new_cluster, "kube-system"):
        _, steps = cloud_stack.deploy()
        # The kubeconfig's login is refused for a cluster of another account.
        assert of(steps, "create", "kubernetes:*")
        _, steps = cloud_stack.run("up", "--yes", "--skip-preview", "--expect-no-changes")
        assert steps == []
        cloud_stack.tear_down()
    cloud_stack.assert_gone()


def test_another_aws_account_than_the_pinned_one_can_neither_refresh_nor_destroy(
    simulated_home: Path, tmp_path: Path, new_cluster: ApiServer
) -> None:
    cloud_stack = stack(simulated_home, tmp_path, new_cluster, "eks")
    cloud_stack.write(config("eks", account=CLOUDS["aws"].account))
    with controllers(new_cluster, "kube-system"):
        cloud_stack.deploy()
    profiles = tmp_path / "account" / "aws" / PROFILES
    profiles.write_text(json.dumps({"": PRODUCTION["eks"]}))
    before = cloud_stack.resources()
    refused, _ = cloud_stack.run("refresh", "--yes", "--skip-preview", check=False)
    assert refused.code != 0
    assert f"AWS account ID not allowed: {PRODUCTION['eks']}" in refused.text
    refused, steps = cloud_stack.tear_down(check=False)
    assert refused.code != 0
    assert of(steps, "delete", "aws:*") == []
    assert {each["urn"] for each in cloud_stack.resources()} == {each["urn"] for each in before}
    profiles.unlink()
    with controllers(new_cluster, "kube-system"):
        cloud_stack.tear_down()
    cloud_stack.assert_gone()


@pytest.mark.parametrize("account", [None, "pinned"])
@pytest.mark.parametrize("kind", PACKAGES)
def test_a_preview_without_credentials_continues_and_reports_that_the_account_is_not_known(
    simulated_home: Path, tmp_path: Path, cluster: ApiServer, kind: str, account: str | None
) -> None:
    cloud_stack = stack(simulated_home, tmp_path, cluster, kind)
    cloud_stack.write(config(kind, **({"account": PRODUCTION[kind]} if account else {})))
    del cloud_stack.environment[ACCOUNT]
    previewed, steps = cloud_stack.run("preview")
    assert "account not known (no valid credential sources found" in previewed.text
    assert ("; `up` takes 2222" in previewed.text) == bool(account)
    assert "error" not in previewed.diagnostics()
    assert of(steps, "create", f"{PACKAGES[kind]}:*")
