"""Every mistake in a model's source is answered with its key, its value and its fix."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.components.environment import model, stack_file
from tests.unit.config.mistaken import refused

S3 = {"kind": "s3", "uri": "s3://bucket/models/m", "credentials": "bucket-key"}
GCS = {"kind": "gcs", "uri": "gs://bucket/models/m", "credentials": "bucket-key"}
NFS = {"kind": "nfs", "server": "nfs.example.com", "path": "/serving/m"}
OSS = {
    "kind": "oss",
    "uri": "oss://bucket/models/m",
    "endpoint": "https://oss-cn-hangzhou.aliyuncs.com",
    "role": "reader",
}
IMAGE = {"kind": "image", "image": "example/model:1", "path": "/models/m"}


def without(source: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in source.items() if name != key}


# The source, the key in it, the value as it is told, and words of the fix.
MISTAKES: dict[str, tuple[dict[str, Any], str, str | None, str]] = {
    "a kind that is close to one": ({**S3, "kind": "s33"}, "", "kind", "did you mean `kind: s3`?"),
    "no address": (without(S3, "uri"), ".uri", None, "add the key `uri`"),
    "a bucket of another cloud": (
        {**S3, "uri": "gs://b/m"},
        ".uri",
        "gs://b/m",
        "write a bucket and a path in it, of letters, digits, ._=+@-",
    ),
    "a bucket of another cloud the other way": (
        {**GCS, "uri": "s3://b/m"},
        ".uri",
        "s3://b/m",
        "write a bucket and a path in it, of letters, digits, ._=+@-",
    ),
    "a bucket without scheme": (
        {**GCS, "uri": "bucket/models/m"},
        ".uri",
        "bucket/models/m",
        "did you mean `gs://bucket/models/m`",
    ),
    "a bucket by its web address": (
        {**S3, "uri": "https://bucket.s3.amazonaws.com/m"},
        ".uri",
        "https://bucket",
        "write scheme, bucket and path; its server is the endpoint",
    ),
    "a last slash": ({**S3, "uri": "s3://bucket/m/"}, ".uri", "m/", "`s3://bucket/m`"),
    "a whole bucket": ({**S3, "uri": "s3://bucket"}, ".uri", "s3://bucket", "a path in it"),
    "a bucket of dots": (
        {**S3, "uri": "s3://bucket/../m"},
        ".uri",
        "..",
        "did you mean `s3://bucket/m`?",
    ),
    "a bucket with a pattern": ({**S3, "uri": "s3://bucket/m*"}, ".uri", "m*", "letters, digits"),
    "a version in quotes": ({**S3, "version": "3"}, ".version", '"3"', "take the quotes off"),
    "version zero": ({**S3, "version": 0}, ".version", "0", "write `1`"),
    "an endpoint without scheme": (
        {**S3, "endpoint": "minio:9000"},
        ".endpoint",
        "minio:9000",
        "`https://minio:9000`",
    ),
    "an endpoint with a path": (
        {**S3, "endpoint": "https://minio:9000/bucket"},
        ".endpoint",
        "/bucket",
        "did you mean `https://minio:9000`?",
    ),
    "an endpoint of another protocol": (
        {**S3, "endpoint": "ftp://minio"},
        ".endpoint",
        "ftp://minio",
        "write https, a host, and the port where it is not 443",
    ),
    "an endpoint that is a number": ({**S3, "endpoint": 9000}, ".endpoint", "9000", "one text"),
    "addresses that are one": (
        {**S3, "addresses": ["10.0.0.1"]},
        ".addresses[0]",
        "10.0.0.1",
        "10.0.0.1/32",
    ),
    "room without a unit": ({**S3, "size": 3}, ".size", "3", "`3Gi`"),
    "a Secret with a space": (
        {**S3, "credentials": "my key"},
        ".credentials",
        "(hidden)",  # it may be the key itself
        "write what is expected",
    ),
    "a key and none": (
        {**S3, "anonymous": True},
        "",
        None,
        "take `anonymous` out, or take `credentials` out",
    ),
    "a region of Google's": ({**GCS, "region": "eu"}, ".region", "eu", "take `region` out"),
    "no key for a bucket of S3": (
        without(S3, "credentials"),
        ".credentials",
        "s3://bucket/models/m",
        "write `credentials: bucket-key`, the name of a Secret in the",
    ),
    "no key for a bucket of Google's": (
        without(GCS, "credentials"),
        ".credentials",
        "gs://bucket/models/m",
        "`anonymous: true`",
    ),
    "a key that is refused": (
        {**S3, "credentials": ""},
        ".credentials",
        '""',
        "give it a name",
    ),
    "a server and its path in one": (
        {**NFS, "server": "nfs.example.com:/serving"},
        ".server",
        "nfs.example.com:/serving",
        "`server: nfs.example.com` and `path: /serving`",
    ),
    "a server with a scheme": (
        {**NFS, "server": "nfs://a"},
        ".server",
        "nfs://a",
        "did you mean `a`?",
    ),
    "a relative path": ({**NFS, "path": "serving"}, ".path", "serving", "`/serving`"),
    "an empty path": ({**NFS, "path": ""}, ".path", '""', "one text"),
    "a path of dots": ({**NFS, "path": "/a/../b"}, ".path", "/a/../b", "did you mean `/a/b`?"),
    "mount options in one": (
        {**NFS, "mount_options": ["vers=4.0,ro"]},
        ".mount_options[0]",
        "vers=4.0,ro",
        "write each option as an entry of its own",
    ),
    "mount options that are no list": (
        {**NFS, "mount_options": "vers=4.0"},
        ".mount_options",
        "vers=4.0",
        "put it in square brackets",
    ),
    "neither role nor key": (
        without(OSS, "role"),
        ".credentials",
        None,
        "write `role: reads-models`, the name of the RAM role that the",
    ),
    "role and key": (
        {**OSS, "credentials": "oss-key"},
        "",
        None,
        "take `role` out, or take `credentials` out",
    ),
    "a version of a mounted bucket": ({**OSS, "version": 1}, ".version", "1", "take `version` out"),
    "an image without a tag": (
        {**IMAGE, "image": "example/model"},
        ".image",
        "example/model",
        "add a colon and the tag of a version",
    ),
    "a way that there is not": (
        {**IMAGE, "mode": "mount"},
        ".mode",
        "mount",
        "write `copy` or `volume`",
    ),
    "a copy of a whole system": ({**IMAGE, "path": "/"}, "", None, "`mode: volume`"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_names_key_value_and_fix(name: str) -> None:
    source, key, value, fix = MISTAKES[name]
    said = refused(stack_file(models={"m": model(source=source)}))
    entries = said.split("\n  slipway:")
    (entry,) = [each for each in entries if each.startswith(f"models.m.source{key}")]
    head, _, rest = entry.partition("\n")
    assert head.split(" is ")[0] == f"models.m.source{key}"
    assert value is None or value in entry
    assert "expected" in rest
    assert fix in rest.partition("fix:")[2]


def test_what_the_cluster_lacks_is_told_with_all_other_mistakes() -> None:
    models = {
        "a": model(source=without(S3, "credentials")),
        "b": model(source={**NFS, "path": "serving"}),
        "c": model(source=without(GCS, "credentials")),
    }
    said = refused(stack_file(models=models, limits={"streams": 0}))
    assert said.startswith("4 mistakes")
    for path in ("models.a.source.credentials", "models.b.source.path", "models.c.source"):
        assert f"slipway:{path}" in said
    assert "a cluster of kind `local` gives its pods no cloud identity" in said


def test_a_public_bucket_needs_no_identity_of_the_cluster() -> None:
    public = {**without(GCS, "credentials"), "anonymous": True}
    said = refused(stack_file(models={"m": model(source=public)}, limits={"streams": 0}))
    assert said.startswith("1 mistake ")
