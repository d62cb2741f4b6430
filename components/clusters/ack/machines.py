"""What the name of an ECS instance type tells: its GPUs, and whether ACK supports it."""

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
#: `gn7i-c32g1.16xlarge`: one GPU per 32 vCPUs, and 64 vCPUs.
_SHARE = re.compile(r"c(\d+)g(\d+)")
_SIZE = re.compile(r"(\d*)xlarge")
_VCPUS_OF_XLARGE = 4
#: Families that ACK does not support as nodes, by the provider's page of node pools: shared and
#: burstable ones, and those with a part of a GPU.
_REFUSED = re.compile(r"[a-z]\d+t|t\d+|vgn.*|sgn.*")


def is_machine_type(name: str) -> bool:
    """Whether `name` has the form of an instance type, such as `ecs.g7.xlarge`."""
    return _TYPE.fullmatch(name) is not None


def is_refused(name: str) -> bool:
    """Whether ACK does not support the instance type."""
    return _REFUSED.fullmatch(_family(name)) is not None


def may_have_gpus(name: str) -> bool:
    """Whether the instance type is of a family with GPUs, listed here or not."""
    return _family(name).removeprefix("ebm").startswith("gn")


def gpus(name: str) -> Accelerator | None:
    """The GPUs of an instance type, None if it has none or its name does not tell them."""
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
