"""The clusters that a stack can run on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.clusters.local import LocalCluster
from components.config.load import load
from components.contracts.identity import BucketAccess, Identity
from components.kubernetes.object import UNTIL_ADDRESSED
from components.stack import deploy
from tests.unit.components.engine import Recording, run
from tests.unit.components.environment import kubeconfig, stack_file


def up(cluster: dict[str, Any], **settings: Any) -> Recording:
    config = stack_file(cluster=cluster, secrets=settings.pop("secrets", None))
    return run(lambda: deploy(load()), config, **settings)


def test_an_existing_cluster_is_what_kubectl_would_use(cluster: Path) -> None:
    recording = up({"kind": "existing"})
    assert recording.outputs["cluster"] == {"kind": "existing", "name": "slipway-test"}


def test_an_existing_cluster_can_be_named_by_file_and_by_name(
    cluster: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.write_text(cluster.read_text())
    monkeypatch.delenv("KUBECONFIG")
    recording = up({"kind": "existing", "kubeconfig": str(other), "name": "blue"})
    assert recording.outputs["cluster"] == {"kind": "existing", "name": "blue"}


def test_a_kubeconfig_from_a_secret_stays_one(
    cluster: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = cluster.read_text()
    monkeypatch.delenv("KUBECONFIG")
    recording = up(
        {"kind": "existing", "kubeconfig": {"secret": "kubeconfig"}},
        secrets={"kubeconfig": text},
        secret_keys=("secrets",),
    )
    assert recording.secret_outputs == {"kubeconfig"}
    assert recording.outputs["cluster"]["name"] == "slipway-test"


def test_annotations_of_the_load_balancer_are_the_cluster_s() -> None:
    annotations = {"example.com/kind": "internal"}
    recording = up({"kind": "existing", "load_balancer_annotations": annotations})
    service = recording.one("Service", "gateway-controller-service").inputs
    assert service["metadata"]["annotations"] == annotations | UNTIL_ADDRESSED


def test_a_cluster_without_workload_identity_says_so_where_it_is_needed() -> None:
    made: list[LocalCluster] = []

    def program() -> dict[str, Any]:
        made.append(LocalCluster("cluster", load().cluster))  # type: ignore[arg-type]
        return {}

    run(program, stack_file())
    opts = pulumi.ResourceOptions()
    assert made[0].identity("reader", "models", [], opts) == Identity()
    with pytest.raises(pulumi.RunError, match="`reader` cannot read s3://bucket/models"):
        made[0].identity("reader", "models", [BucketAccess(url="s3://bucket/models")], opts)


def test_the_local_cluster_is_the_one_in_kubeconfig(cluster: Path) -> None:
    server = f"https://{cluster.read_text().split('https://')[1].split(chr(34))[0]}"
    kubeconfig(cluster, server, context="slipway-dev")
    assert up({"kind": "local"}).outputs["cluster"] == {"kind": "local", "name": "slipway-dev"}
