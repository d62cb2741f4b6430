"""Image archives for `ctr --namespace k8s.io images import`: a tar of an OCI image layout
(https://github.com/opencontainers/image-spec/blob/main/image-layout.md)."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.images.layer import Layer
from local.toolchain.pins import ARCH

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"


@dataclass(frozen=True)
class Image:
    """An image: `name` with its tag, layers from the lowest, and how it starts."""

    name: str
    layers: Sequence[Layer]
    entrypoint: Sequence[str]
    user: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    ports: Sequence[int] = ()
    #: The default arguments of the entrypoint, or the whole command without one; `args` of a
    #: container override them.
    command: Sequence[str] = ()


@dataclass(frozen=True)
class Blob:
    """One part of an image: bytes or a file on disk, with its media type."""

    media_type: str
    digest: str
    content: Path | bytes

    @classmethod
    def of(cls, media_type: str, content: bytes) -> Blob:
        return cls(media_type, "sha256:" + hashlib.sha256(content).hexdigest(), content)

    @property
    def size(self) -> int:
        content = self.content
        return len(content) if isinstance(content, bytes) else content.stat().st_size

    def descriptor(self) -> dict[str, Any]:
        return {"mediaType": self.media_type, "digest": self.digest, "size": self.size}


def write(image: Image, target: Path) -> Path:
    """Write the archive of `image` to `target`. Equal images have equal archives."""
    config: dict[str, Any] = {"Entrypoint": list(image.entrypoint), "Labels": dict(image.labels)}
    config["Env"] = [f"{key}={value}" for key, value in sorted(image.environment.items())]
    if image.command:
        config["Cmd"] = list(image.command)
    if image.user:
        config["User"] = image.user
    if image.ports:
        config["ExposedPorts"] = {f"{port}/tcp": {} for port in image.ports}
    layers = [Blob(_LAYER, f"sha256:{layer.digest}", layer.path) for layer in image.layers]
    described = Blob.of(
        _CONFIG,
        _json(
            {
                "architecture": ARCH,
                "os": "linux",
                "config": config,
                "rootfs": {"type": "layers", "diff_ids": [blob.digest for blob in layers]},
            }
        ),
    )
    manifest = Blob.of(
        _MANIFEST,
        _json(
            {
                "schemaVersion": 2,
                "mediaType": _MANIFEST,
                "config": described.descriptor(),
                "layers": [blob.descriptor() for blob in layers],
            }
        ),
    )
    return write_blobs(image.name, manifest, [described, *layers], target)


def write_blobs(name: str, manifest: Blob, blobs: Sequence[Blob], target: Path) -> Path:
    """Write the archive of the image `name`, of `manifest` and the `blobs` that it refers to."""
    descriptor = manifest.descriptor() | {
        # containerd reads the first annotation for the image's name, other tools the second.
        "annotations": {
            "io.containerd.image.name": name,
            "org.opencontainers.image.ref.name": name.rpartition(":")[2],
        },
    }
    index = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [descriptor],
    }
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(partial, "w") as tar:
            _add(tar, "oci-layout", _json({"imageLayoutVersion": "1.0.0"}))
            _add(tar, "index.json", _json(index))
            for blob in {blob.digest: blob for blob in (manifest, *blobs)}.values():
                _add(tar, f"blobs/{blob.digest.replace(':', '/')}", blob.content)
        return partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _add(tar: tarfile.TarFile, name: str, content: Path | bytes) -> None:
    info = tarfile.TarInfo(name)
    if isinstance(content, bytes):
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
        return
    info.size = content.stat().st_size
    with content.open("rb") as stream:
        tar.addfile(info, stream)


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
