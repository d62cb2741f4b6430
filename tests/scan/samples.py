"""The manifests that TensorFlow Serving and Triton publish as examples."""

from __future__ import annotations

import subprocess
from pathlib import Path

from local.toolchain.download import Downloads, Unavailable

_RAW = "https://raw.githubusercontent.com"
_SERVING = f"{_RAW}/tensorflow/serving/2.19.1/tensorflow_serving/example"
_TRITON = f"{_RAW}/triton-inference-server/server/v2.51.0/deploy/gcp"
_CHART = (
    "Chart.yaml",
    "values.yaml",
    "templates/_helpers.tpl",
    "templates/deployment.yaml",
    "templates/service.yaml",
)


def samples(directory: Path) -> dict[str, Path | str]:
    """A file for each, or why it is not to be had."""
    downloads = Downloads()
    found: dict[str, Path | str] = {}
    for name, get in (
        ("TensorFlow Serving's resnet_k8s.yaml", _serving),
        ("Triton's chart for GCP", _triton),
    ):
        try:
            found[name] = get(downloads, directory)
        except Unavailable as error:
            found[name] = str(error)
    return found


def _serving(downloads: Downloads, directory: Path) -> Path:
    path = directory / "resnet_k8s.yaml"
    path.write_bytes(downloads.read(f"{_SERVING}/resnet_k8s.yaml"))
    return path


def _triton(downloads: Downloads, directory: Path) -> Path:
    chart = directory / "triton"
    (chart / "templates").mkdir(parents=True)
    for file in _CHART:
        (chart / file).write_bytes(downloads.read(f"{_TRITON}/{file}"))
    made = subprocess.run(
        ["helm", "template", "triton", str(chart)], capture_output=True, text=True, check=True
    )
    path = directory / "triton.yaml"
    path.write_text(made.stdout)
    return path
