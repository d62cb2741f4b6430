"""What the init container runs where a bucket's source names a version, in KServe's image, whose
Python has boto3 and google-cloud-storage.

    python3 -c <this> <entrypoint> <address> <directory> <version>

copies `<address>` to `<directory>` by KServe's `<entrypoint>`. Where `<version>` was not copied it
says which versions there are.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

#: So many of the newest are told.
MOST = 10
#: For an answer of the store, which has answered before or has been waited for.
SECONDS = 10


def main(entrypoint: str, address: str, target: str, version: str) -> None:
    """Copy, and exit with what is wrong."""
    failed = subprocess.run([entrypoint, address, target], check=False).returncode
    # From GCS it makes the directories of other versions, too, and leaves them empty, which a
    # server would take for the newest.
    made = [path for path in Path(target).rglob("*") if path.is_dir()]
    for directory in sorted(made, reverse=True):
        if not any(directory.iterdir()):
            directory.rmdir()
    if Path(target, version).is_dir():
        sys.exit(failed)
    address = address.rstrip("/")
    try:
        found = sorted({int(name) for name in directories(address) if name.isdecimal()})
    except Exception as error:  # noqa: BLE001 - the clients' errors have no type in common
        # Where the copy failed, it has said why itself.
        sys.exit(
            failed or f"{address} has no version {version}; which it has cannot be listed: {error}"
        )
    if int(version) in found:
        sys.exit(failed or f"no file of version {version} in {address} was copied: all are empty")
    sys.exit(f"{address} has no version {version}; {told(found)}")


def told(versions: list[int]) -> str:
    """Which versions there are."""
    if not versions:
        return "it holds none: is the path right?"
    if len(versions) > MOST:
        newest = ", ".join(map(str, versions[-MOST:]))
        return f"of its {len(versions)} versions the newest are {newest}"
    numbers = ", ".join(map(str, versions[:-1]))
    return f"it has {numbers} and {versions[-1]}" if numbers else f"it has {versions[0]}"


def directories(address: str) -> Iterable[str]:
    """The names of the directories at `address`, as far as they hold files."""
    scheme, _, place = address.partition("://")
    bucket, _, path = place.partition("/")
    prefixes = {"s3": in_s3, "gs": in_gcs}[scheme](bucket, f"{path}/")
    return [prefix.rstrip("/").rpartition("/")[2] for prefix in prefixes]


def in_s3(bucket: str, prefix: str) -> Iterable[str]:
    """What `prefix` is continued by up to the next slash; set up as KServe does it."""
    import boto3
    from botocore import UNSIGNED
    from botocore.config import Config

    config = Config(connect_timeout=SECONDS, read_timeout=SECONDS, retries={"mode": "standard"})
    if os.environ.get("awsAnonymousCredential") == "true":  # noqa: SIM112 - KServe's name
        config = config.merge(Config(signature_version=UNSIGNED))
    client = boto3.client("s3", endpoint_url=os.environ.get("AWS_ENDPOINT_URL"), config=config)
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=prefix, Delimiter="/"
    )
    return [each["Prefix"] for page in pages for each in page.get("CommonPrefixes", ())]


def in_gcs(bucket: str, prefix: str) -> Iterable[str]:
    """The same in Google's store."""
    from google.auth.exceptions import DefaultCredentialsError
    from google.cloud import storage

    try:
        client = storage.Client()
    except DefaultCredentialsError:
        client = storage.Client.create_anonymous_client()
    blobs = client.list_blobs(bucket, prefix=prefix, delimiter="/", timeout=SECONDS, retry=None)
    for _ in blobs:  # the prefixes are known when all pages were read
        pass
    found: Iterable[str] = blobs.prefixes
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
