"""What the name of an ECS machine says: its GPUs, and whether ACK takes it."""

from __future__ import annotations

import re
from types import MappingProxyType

from components.config.accelerators import Accelerator

_TYPE = re.compile(r"ecs\.([a-z0-9-]+)\.([a-z0-9]+)")
#: GPUs by family, by the ECS page "GPU-accelerated compute-optimized instance families".
_GPUS = MappingProxyType(
    {
        "gn5i": "nvidia-p4",
        "gn6i": "nvidia-t4",
        "gn6e": "nvidia-v100",
        "gn6v": "nvidia-v100",
        "gn7i": "nvidia-a10",
        "gn7e": "nvidia-a100",
    }
)
#: `gn7i-c32g1.16xlarge`: one GPU for 32 vCPUs, and 64 of these.
_SHARE = re.compile(r"c(\d+)g(\d+)")
_SIZE = re.compile(r"(\d*)xlarge")
_VCPUS_OF_XLARGE = 4
#: Families that ACK takes no nodes of, by the provider's page of node pools: shared and burstable
#: ones, and parts of a GPU.
_REFUSED = re.compile(r"[a-z]\d+t|t\d+|vgn.*|sgn.*")


def is_type(name: str) -> bool:
    """Whether it is written as ECS writes a machine type: `ecs.g7.xlarge`."""
    return _TYPE.fullmatch(name) is not None


def is_refused(name: str) -> bool:
    """Whether ACK takes no such nodes."""
    return _REFUSED.fullmatch(_family(name)) is not None


def has_gpus(name: str) -> bool:
    """Whether the machine has GPUs."""
    return _family(name).removeprefix("ebm").startswith("gn")


def gpus(name: str) -> Accelerator | None:
    """The machine's GPUs, None where its name does not tell them."""
    _, family, size = name.split(".")
    kind = _GPUS.get(_family(name))
    share = _SHARE.fullmatch(family.partition("-")[2])
    multiple = _SIZE.fullmatch(size)
    if kind is None or share is None or multiple is None:
        return None
    vcpus = _VCPUS_OF_XLARGE * int(multiple[1] or 1)
    return Accelerator(kind=kind, count=max(1, vcpus * int(share[2]) // int(share[1])))


def _family(name: str) -> str:
    return name.split(".")[1].partition("-")[0]
