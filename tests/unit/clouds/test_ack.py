"""The resources of a cluster on ACK and their order: add-ons, logs, storage."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pulumi
import pytest

from components.clusters import version_support
from components.clusters.ack.names import cluster_name
from components.clusters.ack.versions import ADDONS, DEFAULT_MINOR, MINORS, RELEASES
from tests.unit.clouds.ack_stack import (
    CLUSTER,
    DISKS,
    POOL,
    ack,
    up,
)
from tests.unit.components.engine import Recording


def test_add_ons_have_their_pinned_versions_and_the_network_plugin_is_installed_with_the_cluster() -> (
    None
):
    recording = up()
    addons = {each.inputs["name"]: each.inputs for each in recording.of("KubernetesAddon")}
    assert {name: inputs.get("version") for name, inputs in addons.items()} == dict(ADDONS)
    cluster = recording.one(CLUSTER)
    assert [each["name"] for each in cluster.inputs["addons"]] == [
        "terway-eniip",
        "nginx-ingress-controller",
    ]
    assert cluster.ignore_changes == ["addons"]


def test_the_logs_of_containers_are_collected() -> None:
    recording = up(ack(log_days=30, log_project="logs-of-prod"))
    config = recording.one("LogTailConfig").inputs
    (source,) = json.loads(config["inputDetail"])["plugin"]["inputs"]
    assert source["detail"] == {"Stdout": True, "Stderr": True}
    attachment = recording.one("LogTailAttachment")
    assert attachment.inputs["machineGroupName"] == "k8s-group-cluster-control-plane-cluster-id"
    assert "cluster-addon-loongcollector" in recording.needs(attachment)
    assert recording.one("Project").inputs["projectName"] == "logs-of-prod"
    assert {each.inputs["retentionPeriod"] for each in recording.of("Store")} == {30}


def classes(recording: Recording) -> dict[str, dict[str, Any]]:
    return {each.inputs["metadata"]["name"]: each.inputs for each in recording.of(DISKS)}


def test_disks_of_volumes_are_encrypted_with_the_cluster_s_key_by_default() -> None:
    disks = classes(up())["slipway-disk"]
    assert disks["parameters"]["encrypted"] == "true"
    assert disks["parameters"]["kmsKeyId"] == "cluster-encryption-key-id"
    annotations = disks["metadata"]["annotations"]
    assert annotations == {"storageclass.kubernetes.io/is-default-class": "true"}


def test_a_volume_gets_the_class_that_its_access_mode_needs() -> None:
    volumes = {
        "own": {"size": "1Gi"},
        "shared": {"size": "1Gi", "access_mode": "ReadWriteMany"},
        "named": {"size": "1Gi", "storage_class": "fast"},
    }
    recording = up(ack(shared_storage=True), volumes=volumes)
    used = {
        each.inputs["metadata"]["name"]: each.inputs["spec"]["storageClassName"]
        for each in recording.of("PersistentVolumeClaim")
        if each.name.startswith("volumes-")
    }
    assert used == {"own": "slipway-disk", "shared": "slipway-shared", "named": "fast"}
    shared = classes(recording)["slipway-shared"]
    assert shared["parameters"]["server"] == "1-abc.cn-hangzhou.nas.aliyuncs.com:/"


def test_a_volume_for_several_nodes_without_shared_storage_is_refused() -> None:
    volumes = {"shared": {"size": "1Gi", "access_mode": "ReadWriteMany"}}
    with pytest.raises(pulumi.RunError, match="shared_storage: true"):
        up(volumes=volumes)


def test_kubernetes_objects_are_created_after_nodes_and_add_ons_and_deleted_before_them(
    full_ack: Recording,
) -> None:
    provider = next(each for each in full_ack.resources if each.name == "cluster-provider")
    needs = full_ack.needs(provider)
    assert {"cluster-pool-default", "cluster-pool-gpu", "cluster-pool-autoscaler"} <= needs
    assert {f"cluster-addon-{name}" for name in ADDONS} <= needs
    for each in full_ack.of_package("kubernetes"):
        assert each.provider.startswith(f"{provider.urn}::"), each.name


def test_the_network_is_ready_before_the_cluster_and_the_cluster_before_its_nodes(
    full_ack: Recording,
) -> None:
    cluster = full_ack.one(CLUSTER)
    assert {
        "cluster-network-snat",
        "cluster-network-pods-cn-hangzhou-j",
        "cluster-encryption-key",
        "cluster-control-plane-public-door",
        "cluster-control-plane-public-caller-203-0-113-0-24",
        "cluster-logs-project",
    } <= full_ack.needs(cluster)
    for each in full_ack.of(POOL):
        assert cluster.name in full_ack.needs(each)


def test_everything_in_the_cloud_is_in_the_region_of_the_stack(full_ack: Recording) -> None:
    cloud = next(each for each in full_ack.resources if each.name == "cluster-cloud")
    assert cloud.inputs["region"] == "cn-hangzhou"
    for each in full_ack.of_package("alicloud"):
        assert each.provider.startswith(f"{cloud.urn}::"), each.name


@pytest.mark.parametrize("minor", MINORS)
def test_a_version_is_a_release_of_ack(minor: str) -> None:
    assert RELEASES[minor].startswith(f"{minor}.")
    assert up(ack(version=minor)).one(CLUSTER).inputs["version"] == RELEASES[minor]


def test_a_preview_warns_of_a_version_out_of_support(monkeypatch: pytest.MonkeyPatch) -> None:
    late = max(each.until for each in MINORS.values()) + timedelta(days=1)

    class Later(date):
        @classmethod
        def today(cls) -> date:
            return late

    assert not [line for line in up(preview=True).warnings if "support" in line]
    monkeypatch.setattr("components.clusters.ack.cluster.date", Later)
    (warning,) = [line for line in up(preview=True).warnings if "support" in line]
    assert DEFAULT_MINOR in warning
    assert version_support.warning(DEFAULT_MINOR, MINORS, late)


def test_a_key_that_the_stack_names_encrypts_everything() -> None:
    recording = up(ack(encryption_key="key-own"))
    assert recording.of("Key") == []
    assert recording.one(CLUSTER).inputs["encryptionProviderKey"] == "key-own"
    assert {each.inputs["systemDiskKmsKey"] for each in recording.of(POOL)} == {"key-own"}
    assert classes(recording)["slipway-disk"]["parameters"]["kmsKeyId"] == "key-own"


@pytest.mark.parametrize(
    ("stack_name", "name"),
    [("dev", "slipway-dev"), ("Prod_EU.1", "slipway-prod-eu-1")],
)
def test_a_stack_s_name_becomes_a_valid_name_in_the_cloud(stack_name: str, name: str) -> None:
    assert cluster_name(stack_name) == name
