"""Model files that the node mounts or pulls for the pod: images, NFS, OSS."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.components.engine import Recording
from tests.unit.components.sourced import (
    IMAGE,
    NFS,
    OSS,
    init_container,
    pod,
    served_from,
    up,
    volume,
)


def test_an_image_copies_its_files_by_itself() -> None:
    recording = up(IMAGE)
    container = init_container(recording)
    assert container["image"] == "registry.example.com/model:1"
    copy = ["cp", "-r", "/models/half_plus_two/.", "/models/half-plus-two"]
    assert container["command"] == copy
    assert served_from(recording)["readOnly"] is True


def test_an_image_is_a_volume_if_that_is_its_mode() -> None:
    recording = up({**IMAGE, "mode": "volume"})
    assert volume(recording, "files-half-plus-two")["image"] == {
        "reference": "registry.example.com/model:1",
        "pullPolicy": "Always",
    }
    assert served_from(recording)["subPath"] == "models/half_plus_two"
    assert "initContainers" not in pod(recording)


def test_an_image_of_nothing_but_files_is_mounted_whole() -> None:
    recording = up({**IMAGE, "mode": "volume", "path": "/"})
    assert "subPath" not in served_from(recording)


def bound(recording: Recording) -> tuple[dict[str, Any], dict[str, Any]]:
    """The inputs of a model's volume and claim, which are bound to each other."""
    volume = recording.one("PersistentVolume", "half-plus-two-files-volume")
    claim = recording.one("PersistentVolumeClaim", "half-plus-two-files-claim")
    wanted = claim.inputs["spec"]["selector"]["matchLabels"]
    assert wanted.items() <= volume.inputs["metadata"]["labels"].items()
    assert (
        claim.inputs["spec"]["storageClassName"] == volume.inputs["spec"]["storageClassName"] == ""
    )
    assert claim.inputs["spec"]["accessModes"] == volume.inputs["spec"]["accessModes"]
    assert volume.name in recording.needs(claim)
    return volume.inputs, claim.inputs


def test_nfs_is_a_volume_and_a_claim_bound_by_label_and_mounted_read_only() -> None:
    recording = up({**NFS, "mount_options": ["vers=4.0"]})
    persistent, claim = bound(recording)
    spec = {key: value for key, value in persistent["spec"].items() if key != "storageClassName"}
    assert spec == {
        "capacity": {"storage": "5Gi"},
        "accessModes": ["ReadWriteMany"],
        "persistentVolumeReclaimPolicy": "Retain",
        "mountOptions": ["vers=4.0"],
        "nfs": {"server": "10.0.0.7", "path": "/serving/half_plus_two"},
    }
    assert claim["spec"]["resources"]["requests"] == {"storage": "5Gi"}
    name = "half-plus-two-files-claim-1a2b3c4d"
    assert volume(recording, "files-half-plus-two")["persistentVolumeClaim"] == {
        "claimName": name,
        "readOnly": True,
    }
    assert served_from(recording)["readOnly"] is True
    assert "half-plus-two-files-claim" in recording.needs(
        recording.one("Deployment", "half-plus-two-server")
    )


@pytest.mark.parametrize(
    "changes",
    [{"server": "10.0.0.8"}, {"path": "/other"}, {"mount_options": ["vers=4.1"]}, {"size": "1Gi"}],
)
def test_other_files_are_another_volume_for_another_claim(changes: dict[str, Any]) -> None:
    (before, claim), (after, other) = bound(up(NFS)), bound(up({**NFS, **changes}))
    assert before["metadata"]["name"] != after["metadata"]["name"]
    assert claim["spec"]["selector"] != other["spec"]["selector"]


def test_two_stacks_never_share_a_volume() -> None:
    names = {bound(up(NFS, namespace=each))[0]["metadata"]["name"] for each in ("a", "b")}
    assert len(names) == 2


def test_oss_is_mounted_by_its_driver_with_a_role_and_no_key() -> None:
    persistent, _ = bound(up(OSS))
    assert persistent["spec"]["accessModes"] == ["ReadOnlyMany"]
    assert persistent["spec"]["csi"] == {
        "driver": "ossplugin.csi.alibabacloud.com",
        # The driver finds the volume by it.
        "volumeHandle": persistent["metadata"]["name"],
        "volumeAttributes": {
            "bucket": "bucket",
            "path": "/models/half_plus_two",
            "url": "https://oss-cn-hangzhou-internal.aliyuncs.com",
            "sigVersion": "v4",
            "otherOpts": "-o umask=022 -o allow_other",
            "authType": "rrsa",
            "roleName": "reads-models",
        },
    }


def test_oss_without_a_role_refers_to_the_secret_of_a_key() -> None:
    source = {key: value for key, value in OSS.items() if key != "role"}
    persistent, _ = bound(up({**source, "credentials": "oss-key"}))
    csi = persistent["spec"]["csi"]
    assert csi["nodePublishSecretRef"] == {"name": "oss-key", "namespace": "models"}
    assert "authType" not in csi["volumeAttributes"]


@pytest.mark.parametrize("source", [NFS, OSS, IMAGE])
def test_files_from_the_node_need_no_egress_of_the_pod(source: dict[str, Any]) -> None:
    policy = up(source).one("NetworkPolicy", "half-plus-two-callers").inputs["spec"]
    assert policy["policyTypes"] == ["Ingress"]
