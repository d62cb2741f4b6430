"""Model files in buckets, which an init container copies, and the identity of their pods."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import pulumi
import pytest

from components import registry
from components.clusters.existing import ExistingCluster
from components.clusters.existing_options import ExistingOptions
from components.contracts.identity import BucketAccess, Identity
from tests.unit.components.environment import model
from tests.unit.components.sourced import (
    GCS,
    IMAGE,
    S3,
    egress,
    environment,
    init_container,
    keyless,
    pod,
    served_from,
    up,
    volume,
)

IDENTITY = {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/half-plus-two"}


class CloudOptions(ExistingOptions):
    """A cluster with workload identity."""

    kind: Literal["cloud"]  # type: ignore[assignment]
    identities = frozenset({"s3", "gs"})


class Cloud(ExistingCluster):
    """Gives every service account the same identity."""

    kind = "cloud"
    requests: ClassVar[list[tuple[str, list[str]]]] = []
    """The service account and the URLs of each call of `identity`."""

    def identity(
        self,
        service_account: str,
        namespace: pulumi.Input[str],
        bucket_access: Sequence[BucketAccess],
        opts: pulumi.ResourceOptions,
    ) -> Identity:
        self.requests.append((service_account, [access.url for access in bucket_access]))
        role = pulumi.CustomResource("test:cloud:Role", f"{service_account}-role", None, opts)
        return Identity(annotations=IDENTITY, needs=[role])


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """`slipway:cluster` with workload identity."""
    line = registry.Kind(f"{__name__}:CloudOptions", f"{__name__}:Cloud")
    monkeypatch.setitem(registry.CLUSTERS.entries, "cloud", line)
    monkeypatch.setattr(Cloud, "requests", [])
    return {"kind": "cloud"}


@pytest.mark.parametrize(
    ("source", "address"),
    [(S3, "s3://bucket/models/half_plus_two/"), (GCS, "gs://bucket/models/half_plus_two")],
)
def test_an_init_container_copies_the_directory_to_where_the_server_reads_it(
    source: dict[str, Any], address: str
) -> None:
    recording = up(source)
    container = init_container(recording)
    assert container["image"].startswith("kserve/storage-initializer:v")
    # S3 lists by prefix: without the slash, names that only begin like the address would match.
    assert container["args"][1:3] == [address, "/models/half-plus-two"]
    whole = {key: value for key, value in source.items() if key != "version"}
    assert init_container(up(whole))["args"] == [address, "/models/half-plus-two"]
    assert {"name": "files-half-plus-two", "mountPath": "/models/half-plus-two"} in container[
        "volumeMounts"
    ]
    assert served_from(recording) == {
        "name": "files-half-plus-two",
        "mountPath": "/models/half-plus-two",
        "readOnly": True,
    }
    config = recording.one("ConfigMap", "half-plus-two-config").inputs["data"]["models.config"]
    assert 'base_path: "/models/half-plus-two"' in config


def copied(names: Sequence[str], patterns: Sequence[str]) -> list[str]:
    """The names that KServe's initializer copies: those that match one of the patterns."""
    from fnmatch import fnmatch

    return [name for name in names if any(fnmatch(name, pattern) for pattern in patterns)]


def test_the_version_and_files_of_no_version_are_copied() -> None:
    patterns = json.loads(environment(up(S3))["STORAGE_ALLOW_PATTERNS"])
    wanted = ["3/saved_model.pb", "3/variables/variables.index", "config.pbtxt", "warmup/1.bin"]
    others = ["1/saved_model.pb", "30/saved_model.pb", "13/model.onnx"]
    assert copied([*wanted, *others], patterns) == wanted


def test_all_versions_are_copied_where_none_is_named() -> None:
    source = {key: value for key, value in S3.items() if key != "version"}
    assert "STORAGE_ALLOW_PATTERNS" not in environment(up(source))


def test_a_changed_version_changes_the_pod_template() -> None:
    assert pod(up(S3)) != pod(up({**S3, "version": 4}))
    assert pod(up(S3)) == pod(up(S3))


@pytest.mark.parametrize(
    ("source", "variable"),
    [(S3, "AWS_SHARED_CREDENTIALS_FILE"), (GCS, "GOOGLE_APPLICATION_CREDENTIALS")],
)
def test_a_key_is_a_file_of_a_secret_that_only_the_init_container_mounts(
    source: dict[str, Any], variable: str
) -> None:
    recording = up(source)
    assert volume(recording, "key-half-plus-two")["secret"] == {
        "secretName": "bucket-key",
        "items": [{"key": "credentials", "path": "credentials"}],
    }
    assert environment(recording)[variable] == "/credentials/credentials"
    key = {"name": "key-half-plus-two", "mountPath": "/credentials", "readOnly": True}
    assert key in init_container(recording)["volumeMounts"]
    server = pod(recording)["containers"][0]
    assert "key-half-plus-two" not in [each["name"] for each in server["volumeMounts"]]
    assert recording.of("ServiceAccount", "half-plus-two-reader") == []


@pytest.mark.parametrize("source", [S3, GCS])
def test_without_a_key_the_pod_s_service_account_has_the_cloud_s_identity(
    source: dict[str, Any], cloud: dict[str, Any]
) -> None:
    recording = up(keyless(source), cloud)
    account = recording.one("ServiceAccount", "half-plus-two-reader").inputs
    assert account["metadata"]["annotations"] == IDENTITY
    assert account["automountServiceAccountToken"] is False
    # Clouds identify an account by its namespace and name.
    assert account["metadata"]["name"] == "half-plus-two"
    assert Cloud.requests[0][0] == "half-plus-two"
    assert [url.rstrip("/") for url in Cloud.requests[0][1]] == [source["uri"]]
    assert pod(recording)["serviceAccountName"] == "half-plus-two"
    assert pod(recording)["automountServiceAccountToken"] is False


def test_no_pod_starts_before_its_account_has_its_permissions(cloud: dict[str, Any]) -> None:
    recording = up(keyless(S3), cloud)
    deployment = recording.one("Deployment", "half-plus-two-server")
    assert "half-plus-two-reader" in recording.needs(deployment)
    account = recording.one("ServiceAccount", "half-plus-two-reader")
    assert "half-plus-two-role" in recording.needs(account)


def test_a_server_of_two_models_has_one_account_for_both(cloud: dict[str, Any]) -> None:
    models = {
        name: model(server="both", source={**keyless(S3), "uri": f"s3://bucket/{name}"})
        for name in ("a", "b")
    }
    recording = up(S3, cloud, models=models)
    assert len([each for each in recording.of("ServiceAccount") if "both" in each.name]) == 1
    assert Cloud.requests == [("both", ["s3://bucket/a/", "s3://bucket/b/"])]
    spec = pod(recording, "both")
    assert [each["name"] for each in spec["initContainers"]] == ["fetch-a", "fetch-b"]
    assert [each["name"] for each in spec["volumes"]].count("files-a") == 1


def test_a_server_of_an_image_without_a_bucket_has_no_account() -> None:
    recording = up(IMAGE)
    assert recording.of("ServiceAccount", "half-plus-two-reader") == []
    assert "serviceAccountName" not in pod(recording)


@pytest.mark.parametrize(
    ("source", "variable"),
    [(S3, ("awsAnonymousCredential", "true")), (GCS, ("NO_GCE_CHECK", "true"))],
)
def test_a_public_bucket_needs_neither_key_nor_identity(
    source: dict[str, Any], variable: tuple[str, str]
) -> None:
    recording = up({**keyless(source), "anonymous": True})
    assert variable in environment(recording).items()
    assert len(egress(recording)) == 2


@pytest.mark.parametrize(
    ("source", "variable"), [(S3, "AWS_ENDPOINT_URL"), (GCS, "API_ENDPOINT_OVERRIDE")]
)
def test_a_store_of_one_s_own_is_reached_at_its_address_and_port(
    source: dict[str, Any], variable: str
) -> None:
    recording = up({**source, "endpoint": "http://minio.store.svc:9000"})
    assert environment(recording)[variable] == "http://minio.store.svc:9000"
    assert egress(recording)[1] == {"ports": [{"port": 9000}]}


def test_the_region_of_a_bucket_is_set_for_the_client() -> None:
    assert environment(up({**S3, "region": "eu-west-1"}))["AWS_DEFAULT_REGION"] == "eu-west-1"


@pytest.mark.parametrize("source", [S3, GCS])
def test_a_pod_may_only_resolve_names_and_connect_to_the_store(
    source: dict[str, Any],
) -> None:
    names, store = egress(up(source))
    assert {(each["port"], each["protocol"]) for each in names["ports"]} == {
        (53, "UDP"),
        (53, "TCP"),
    }
    assert store == {"ports": [{"port": 443}]}
    ranges = up({**source, "addresses": ["203.0.113.0/24"]})
    assert egress(ranges)[1]["to"] == [{"ipBlock": {"cidr": "203.0.113.0/24"}}]


@pytest.mark.parametrize(
    ("source", "servers"),
    [
        (S3, {"169.254.170.23/32", "fd00:ec2::23/128"}),
        (GCS, {"169.254.169.254/32", "169.254.169.252/32"}),
    ],
)
def test_a_pod_with_an_identity_may_request_it_from_the_node(
    source: dict[str, Any], servers: set[str], cloud: dict[str, Any]
) -> None:
    endpoint = {"endpoint": "http://store.example.com:9000"}
    _, store, *identity = egress(up({**keyless(source), **endpoint}, cloud))
    # 443 is the cloud's token service.
    assert store == {"ports": [{"port": 443}, {"port": 9000}]}
    peers = {peer["ipBlock"]["cidr"] for rule in identity for peer in rule["to"]}
    assert peers == servers


@pytest.mark.parametrize("source", [S3, GCS, IMAGE])
def test_the_files_have_a_size_limit_that_the_pod_s_disk_limit_includes(
    source: dict[str, Any],
) -> None:
    recording = up({**source, "size": "3Gi"})
    assert volume(recording, "files-half-plus-two")["emptyDir"] == {"sizeLimit": "3Gi"}
    resources = pod(recording)["containers"][0]["resources"]
    # A pod is evicted if its disk usage, emptyDirs included, exceeds the sum of its containers'
    # limits.
    assert resources["limits"]["ephemeral-storage"] == "4096Mi"
    assert resources["requests"]["ephemeral-storage"] == "3136Mi"


def test_an_init_container_has_resources_of_its_own() -> None:
    models = {"half_plus_two": model(source=S3, resources={"limits": {"memory": "6Gi"}})}
    resources = init_container(up(S3, models=models))["resources"]
    assert resources["limits"]["memory"] == "1Gi"


def test_the_images_of_init_containers_come_from_the_mirror() -> None:
    mirror = {"images": {"mirror": "mirror.example.com"}}
    for source, name in ((S3, "kserve/storage-initializer:"), (IMAGE, "model:1")):
        image = init_container(up(source, **mirror))["image"]
        assert image.startswith(f"mirror.example.com/{name}")
