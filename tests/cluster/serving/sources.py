"""The sources of these tests' models, as in a stack file."""

from __future__ import annotations

from typing import Any

from tests.cluster.checkout import Checkout
from tests.cluster.serving.buckets import GCS, S3

MODEL_IMAGE = "half-plus-two:1"
NAMESPACE = ("-n", "models")
#: Seconds for an `up` of ten models, whose containers start on two cores.
TIMEOUT = 600


def s3(path: str = "half_plus_two", version: int = 1, key: str = "reader") -> dict[str, Any]:
    uri = f"s3://models/{path}"
    return {"kind": "s3", "uri": uri, "version": version, "endpoint": S3, "credentials": key}


def gcs(path: str = "half_plus_two", version: int = 1, **access: Any) -> dict[str, Any]:
    uri = f"gs://models/{path}"
    access = access or {"anonymous": True}
    return {"kind": "gcs", "uri": uri, "version": version, "endpoint": GCS, **access}


def image(path: str = "half_plus_two", mode: str = "copy") -> dict[str, Any]:
    return {"kind": "image", "image": MODEL_IMAGE, "path": f"/models/{path}", "mode": mode}


def image_volume(path: str = "half_plus_two") -> dict[str, Any]:
    return image(path, "volume")


def pvc(path: str = "half_plus_two") -> dict[str, Any]:
    return {"kind": "pvc", "claim": "models", "path": path}


def up(checkout: Checkout, models: dict[str, Any], *options: str, check: bool = True) -> str:
    """Serve exactly `models` and those of the dev stack; returns the output of `up`."""
    checkout.restore_config()
    config = checkout.config()
    config["config"]["slipway:models"] |= models
    checkout.write_config(config)
    command = ("pulumi", "up", "--yes", "--skip-preview", "--stack", "dev", *options)
    done = checkout.run(*command, check=check, timeout=TIMEOUT)
    return done.stdout + done.stderr
