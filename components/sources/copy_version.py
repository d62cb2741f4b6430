"""The init container's program for a bucket source with a `version`. It runs in KServe's image,
whose Python has boto3 and google-cloud-storage.

    python3 -c <this> <entrypoint> <address> <directory> <version>

copies `<address>` to `<directory>` with KServe's `<entrypoint>`. If `<version>` was not copied, it
prints the versions that exist.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

#: At most so many of the newest versions are listed.
MOST = 10
#: Timeout in seconds for the listing. By then the store has answered the copy, or timed out.
SECONDS = 10


def main(entrypoint: str, address: str, target: str, version: str) -> None:
    """Copy, and exit with the reason of a failure."""
    failed = subprocess.run([entrypoint, address, target], check=False).returncode
    # From GCS it also creates the directories of other versions, and leaves them empty. A server
    # would take the last of them for the newest version.
    directories_copied = [path for path in Path(target).rglob("*") if path.is_dir()]
    for directory in sorted(directories_copied, reverse=True):
        if not any(directory.iterdir()):
            directory.rmdir()
    if Path(target, version).is_dir():
        sys.exit(failed)
    address = address.rstrip("/")
    try:
        found = sorted({int(name) for name in directories(address) if name.isdecimal()})
    except Exception as error:  # noqa: BLE001 - the clients' errors have no type in common
        # If the copy failed, it has printed the reason itself.
        sys.exit(
            failed or f"{address} has no version {version}; which it has cannot be listed: {error}"
        )
    if int(version) in found:
        sys.exit(failed or f"no file of version {version} in {address} was copied: all are empty")
    sys.exit(f"{address} has no version {version}; {listing(found)}")


def listing(versions: list[int]) -> str:
    """The versions that exist, as a part of the message."""
    if not versions:
        return "it holds none: is the path right?"
    if len(versions) > MOST:
        newest = ", ".join(map(str, versions[-MOST:]))
        return f"of its {len(versions)} versions the newest are {newest}"
    numbers = ", ".join(map(str, versions[:-1]))
    return f"it has {numbers} and {versions[-1]}" if numbers else f"it has {versions[0]}"


def directories(address: str) -> Iterable[str]:
    """The names of the directories at `address` that contain files."""
    scheme, _, place = address.partition("://")
    bucket, _, path = place.partition("/")
    prefixes = {"s3": in_s3, "gs": in_gcs}[scheme](bucket, f"{path}/")
    return [prefix.rstrip("/").rpartition("/")[2] for prefix in prefixes]


def in_s3(bucket: str, prefix: str) -> Iterable[str]:
    """The prefixes below `prefix`, up to the next slash. The client is configured as KServe's."""
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
    """The prefixes below `prefix` in Google's store."""
    from google.auth.exceptions import DefaultCredentialsError
    from google.cloud import storage

    try:
        client = storage.Client()
    except DefaultCredentialsError:
        client = storage.Client.create_anonymous_client()
    blobs = client.list_blobs(bucket, prefix=prefix, delimiter="/", timeout=SECONDS, retry=None)
    for _ in blobs:  # the prefixes are known once all pages are read
        pass
    prefixes: Iterable[str] = blobs.prefixes
    return prefixes


if __name__ == "__main__":
    main(*sys.argv[1:])
