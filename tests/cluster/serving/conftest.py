"""Sources of models that the tests of this directory share."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from local import paths
from local.cluster import cluster
from local.images.recipes import TRITON
from local.images.workshop import scratch_image
from local.toolchain import debian
from tests.cluster.checkout import ROOT, Checkout
from tests.cluster.serving import buckets as emulators
from tests.cluster.serving.buckets import GCS, Buckets
from tests.cluster.serving.sources import MODEL_IMAGE, NAMESPACE, up


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--write-docs", action="store_true", help="write the table of docs/why.md from this run"
    )


def put_image(checkout: Checkout, directory: Path) -> None:
    """Import an image with two models and the program `cp` into the node."""
    busybox = debian.unpack(["busybox-static"], paths.cache_dir() / "debian" / "busybox-static")
    files: dict[str, Path | bytes] = {"/bin/cp": busybox / "bin" / "busybox"}
    for model in ("half_plus_two", "triton/half_plus_two"):
        for file in (ROOT / "models" / model).rglob("*"):
            if file.is_file():
                files[f"/models/{file.relative_to(ROOT / 'models')}"] = file
    name = f"slipway.local/{MODEL_IMAGE}"
    archive = scratch_image(name, files, ["/bin/cp"], directory / "half-plus-two.tar")
    cluster.import_new_images(checkout.cluster_name, [str(archive)])
    # Lists the node's images in the kubeconfig, for the program.
    checkout.run("python3", "-m", "local", "images")


def secret(checkout: Checkout, name: str, content: str) -> None:
    file = checkout.root / ".slipway" / "credentials"
    file.write_text(content)
    try:
        arguments = ("secret", "generic", name, f"--from-file=credentials={file}")
        checkout.kubectl("create", *NAMESPACE, *arguments)
    finally:
        file.unlink()


def service_account() -> str:
    """A key file in Google's format, for which no service issues a token."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return json.dumps(
        {
            "type": "service_account",
            "project_id": "test",
            "client_email": "forger@example.com",
            "private_key": key.private_bytes(*form).decode(),
            "token_uri": f"{GCS}/token",
        }
    )


@pytest.fixture(scope="module")
def filled(dev: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Buckets]:
    """Buckets and an image with half_plus_two for TF Serving and for Triton. S3 requires a key."""
    names = ("storage-initializer", "emulators", "metrics-server", TRITON)
    printed = dev.run("python3", "-m", "local", "images", *names).stdout.split()
    buckets = emulators.start(dev, printed[1])
    models = ROOT / "models"
    buckets.put_model("half_plus_two", models / "half_plus_two")
    buckets.put_model("half_plus_two/2", models / "half_plus_three" / "1")
    # Another model, whose path has the same beginning.
    buckets.put_model("half_plus_two_old", models / "half_plus_three")
    buckets.put_model("triton/half_plus_two", models / "triton" / "half_plus_two")
    buckets.lock(True)
    put_image(dev, tmp_path_factory.mktemp("image"))
    secret(dev, "reader", buckets.credentials)
    secret(dev, "stranger", "[default]\naws_access_key_id=AKIAX\naws_secret_access_key=wrong\n")
    secret(dev, "forger", service_account())
    try:
        yield buckets
    finally:
        up(dev, {})
        dev.kubectl("delete", *NAMESPACE, "secret/reader", "secret/stranger", "secret/forger")
        dev.kubectl("delete", "namespace/buckets", "--timeout=60s")
