"""KServe's own library copies a model out of a store, and the init container's program says which
versions there are where the one that was asked for is not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.unit.storage.conftest import BUCKET

ROOT = Path(__file__).parents[3]
PROGRAM = ROOT / "components" / "sources" / "copy_version.py"
INITIALIZER = ROOT / "local" / "images" / "storage_initializer" / "entrypoint.py"
STORES = ("s3", "gcs")


class Ended(NamedTuple):
    """How the init container ended: its code, the last line that it printed, and its files."""

    code: int
    last: str
    files: list[str]
    log: str


def copied(
    kind: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    path: str,
    version: int,
    bucket: str = BUCKET,
) -> Ended:
    """What is left of a copy of `path` in a store of `kind`."""
    entrypoint = tmp_path / "initializer-entrypoint"
    entrypoint.write_text(f"#!{sys.executable} -I\n{INITIALIZER.read_text()}")
    entrypoint.chmod(0o755)
    address = {"s3": f"s3://{bucket}/{path}/", "gcs": f"gs://{bucket}/{path}"}[kind]
    url = request.getfixturevalue(kind)
    # As components/sources sets them for a public bucket.
    access = {
        "s3": {
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": url,
            "awsAnonymousCredential": "true",
        },
        "gcs": {"API_ENDPOINT_OVERRIDE": url, "NO_GCE_CHECK": "true"},
    }[kind]
    kept = json.dumps([f"{version}/*", "[!0-9]*"])
    environment = {"PATH": os.environ["PATH"], "STORAGE_ALLOW_PATTERNS": kept, **access}
    target = tmp_path / "model"
    command = [sys.executable, "-I", "-c", PROGRAM.read_text(), str(entrypoint)]
    done = subprocess.run(
        [*command, address, str(target), str(version)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    files = sorted(str(file.relative_to(target)) for file in target.rglob("*") if file.is_file())
    return Ended(done.returncode, done.stdout.strip().splitlines()[-1], files, done.stdout)


@pytest.mark.parametrize("kind", STORES)
def test_a_version_that_is_there_is_copied_alone(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    ended = copied(kind, request, tmp_path, "plain", 2)
    assert ended.code == 0, ended.log
    assert ended.files == ["2/saved_model.pb", "2/variables/variables.index"]
    assert not (tmp_path / "model" / "1").exists()


@pytest.mark.parametrize("kind", STORES)
@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("plain", "has no version 7; it has 1 and 2"),
        ("triton", "has no version 7; it has 1"),
        ("plai", "has no version 7; it holds none: is the path right?"),
    ],
)
def test_a_version_that_is_not_there_is_told_with_those_that_are(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, path: str, words: str
) -> None:
    ended = copied(kind, request, tmp_path, path, 7)
    scheme = {"s3": "s3", "gcs": "gs"}[kind]
    assert ended.code == 1
    assert ended.last == f"{scheme}://models/{path} {words}", ended.log


@pytest.mark.parametrize("kind", STORES)
def test_a_bucket_that_cannot_be_read_is_the_initializer_s_to_tell(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    ended = copied(kind, request, tmp_path, "plain", 7, bucket="nobodys")
    assert ended.code == 1
    assert "Storage initialization failed" in ended.last
    assert "has no version" not in ended.log
