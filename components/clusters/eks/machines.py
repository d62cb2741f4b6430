"""What the name of an EC2 instance type tells: its GPUs, their regions, and its processor."""

from __future__ import annotations

import re
from collections.abc import Mapping

from components.clusters.eks.regions import GPU_FAMILIES
from components.config.accelerators import Accelerator

#: The GPU of each family, and its count by size; 1 for a size that is not listed. As of 2026-11-21;
#: AWS lists them at https://docs.aws.amazon.com/ec2/latest/instancetypes/ac.html.
_GPUS: Mapping[str, tuple[str, Mapping[str, int]]] = {
    "g4dn": ("nvidia-t4", {"12xlarge": 4, "metal": 8}),
    "g5": ("nvidia-a10g", {"12xlarge": 4, "24xlarge": 4, "48xlarge": 8}),
    "g5g": ("nvidia-t4g", {"16xlarge": 2, "metal": 2}),
    "g6": ("nvidia-l4", {"12xlarge": 4, "24xlarge": 4, "48xlarge": 8}),
    "g6e": ("nvidia-l40s", {"12xlarge": 4, "24xlarge": 4, "48xlarge": 8}),
    "p4d": ("nvidia-a100", {"24xlarge": 8}),
    "p4de": ("nvidia-a100", {"24xlarge": 8}),
    "p5": ("nvidia-h100", {"48xlarge": 8}),
    "p5e": ("nvidia-h200", {"48xlarge": 8}),
    "p5en": ("nvidia-h200", {"48xlarge": 8}),
    "p6-b200": ("nvidia-b200", {"48xlarge": 8}),
}
_TYPE = re.compile(r"(?P<family>[a-z]+[0-9][a-z0-9-]*)\.(?P<size>[a-z0-9-]+)")


def is_machine_type(name: str) -> bool:
    """Whether `name` has the form of an instance type."""
    return bool(_TYPE.fullmatch(name))


def gpus(name: str) -> Accelerator | None:
    """The GPUs of an instance type; None if it has none or is not known here."""
    family, _, size = name.partition(".")
    if family not in _GPUS:
        return None
    kind, counts = _GPUS[family]
    return Accelerator(kind=kind, count=counts.get(size, 1))


def may_have_gpus(name: str) -> bool:
    """Whether the instance type is of a family with NVIDIA's GPUs, listed here or newer."""
    return bool(re.match(r"[gp][0-9]", name))


def regions_with_gpus(name: str, region: str) -> tuple[str, ...]:
    """The regions that offer the GPUs of an instance type, if it is known that `region` does not.
    Empty if `region` offers them, or if that is not known here."""
    family = name.partition(".")[0]
    regions = tuple(each for each, families in GPU_FAMILIES.items() if family in families.split())
    return regions if region in GPU_FAMILIES and region not in regions else ()


def is_arm(name: str) -> bool:
    """Whether the instance type has an ARM processor, on which x86 images do not run."""
    family = name.partition(".")[0]
    attributes = re.sub(r"^[a-z]+[0-9]+", "", family)
    return family == "a1" or "g" in attributes.partition("-")[0]
