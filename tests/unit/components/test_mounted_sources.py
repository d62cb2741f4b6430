"""Model files that the node brings to the pod: images, NFS, OSS."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.components.engine import Recording
from tests.unit.components.sourced import (
    IMAGE,
    NFS,
    OSS,
    fetch,
    pod,
    served_from,
    up,
    volume,
)


def test_an_image_copies_its_files_by_itself() -> None:
    recording = up(IMAGE)
    container = fetch(recording)
    assert container["image"] == "registry.example.com/model:1"
    copy = ["cp", "-r", "/models/half_plus_two/.", "/models/half-plus-two"]
    assert container["command"] == copy
    assert served_from(recording)["readOnly"] is True


def test_an_image_is_a_volume_where_that_is_asked_for() -> None:
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
    """The volume and the claim of a model, which find each other."""
    made = recording.one("PersistentVolume", "half-plus-two-files-volume")
    claim = recording.one("PersistentVolumeClaim", "half-plus-two-files-claim")
    wanted = claim.inputs["spec"]["selector"]["matchLabels"]
    assert wanted.items() <= made.inputs["metadata"]["labels"].items()
    assert claim.inputs["spec"]["storageClassName"] == made.inputs["spec"]["storageClassName"] == ""
    assert claim.inputs["spec"]["accessModes"] == made.inputs["spec"]["accessModes"]
    assert made.name in recording.needs(claim)
    return made.inputs, claim.inputs


def test_nfs_is_a_volume_and_a_claim_bound_by_label_and_mounted_read_only() -> None:
    recording = up({**NFS, "mount_options": ["vers=4.0"]})
    made, claim = bound(recording)
    spec = {key: value for key, value in made["spec"].items() if key != "storageClassName"}
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


def test_two_stacks_never_mean_the_same_volume() -> None:
    names = {bound(up(NFS, namespace=each))[0]["metadata"]["name"] for each in ("a", "b")}
    assert len(names) == 2


def test_oss_is_mounted_by_its_driver_with_a_role_and_no_key() -> None:
    made, _ = bound(up(OSS))
    assert made["spec"]["accessModes"] == ["ReadOnlyMany"]
    assert made["spec"]["csi"] == {
        "driver": "ossplugin.csi.alibabacloud.com",
        # The driver finds the volume by it.
        "volumeHandle": made["metadata"]["name"],
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


def test_oss_takes_a_key_by_reference_where_there_is_no_role() -> None:
    source = {key: value for key, value in OSS.items() if key != "role"}
    made, _ = bound(up({**source, "credentials": "oss-key"}))
    csi = made["spec"]["csi"]
    assert csi["nodePublishSecretRef"] == {"name": "oss-key", "namespace": "models"}
    assert "authType" not in csi["volumeAttributes"]


@pytest.mark.parametrize("source", [NFS, OSS, IMAGE])
def test_what_the_node_brings_opens_no_way_out_of_the_pod(source: dict[str, Any]) -> None:
    policy = up(source).one("NetworkPolicy", "half-plus-two-callers").inputs["spec"]
    assert policy["policyTypes"] == ["Ingress"]
