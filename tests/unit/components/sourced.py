"""Stacks with a model from a given source, and the parts of its pod that the source sets."""

from __future__ import annotations

from typing import Any

from components.config.load import load
from components.stack import deploy
from tests.unit.components.engine import Recording, run
from tests.unit.components.environment import model, stack_file

S3 = {
    "kind": "s3",
    "uri": "s3://bucket/models/half_plus_two",
    "version": 3,
    "credentials": "bucket-key",
}
GCS = {**S3, "kind": "gcs", "uri": "gs://bucket/models/half_plus_two"}
NFS = {"kind": "nfs", "server": "10.0.0.7", "path": "/serving/half_plus_two"}
OSS = {
    "kind": "oss",
    "uri": "oss://bucket/models/half_plus_two",
    "endpoint": "https://oss-cn-hangzhou-internal.aliyuncs.com",
    "role": "reads-models",
}
IMAGE = {"kind": "image", "image": "registry.example.com/model:1", "path": "/models/half_plus_two"}


def up(source: dict[str, Any], cluster: dict[str, Any] | None = None, **changes: Any) -> Recording:
    models = {"half_plus_two": model(source=source)}
    stack = stack_file(**{"models": models, **changes})
    return run(lambda: deploy(load()), {**stack, "cluster": cluster or stack["cluster"]})


def keyless(source: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in source.items() if key != "credentials"}


def pod(recording: Recording, server: str = "half-plus-two") -> dict[str, Any]:
    deployment = recording.one("Deployment", f"{server}-server")
    spec: dict[str, Any] = deployment.inputs["spec"]["template"]["spec"]
    return spec


def volume(recording: Recording, name: str) -> dict[str, Any]:
    (found,) = [each for each in pod(recording)["volumes"] if each["name"] == name]
    return dict(found)


def init_container(recording: Recording) -> dict[str, Any]:
    (container,) = pod(recording)["initContainers"]
    return dict(container)


def environment(recording: Recording) -> dict[str, str]:
    return {each["name"]: each["value"] for each in init_container(recording)["env"]}


def egress(recording: Recording) -> list[dict[str, Any]]:
    policy = recording.one("NetworkPolicy", "half-plus-two-callers").inputs["spec"]
    assert "Egress" in policy["policyTypes"]
    rules: list[dict[str, Any]] = policy["egress"]
    return rules


def served_from(recording: Recording) -> dict[str, Any]:
    """The server's mount of the model's files."""
    mounts = pod(recording)["containers"][0]["volumeMounts"]
    (found,) = [each for each in mounts if each["name"] == "files-half-plus-two"]
    return dict(found)
