"""What is known about Google's machine types: their GPUs, the zones that have them, their disks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from components.config.accelerators import Accelerator
from components.config.options import listed, mistake


@dataclass(frozen=True, kw_only=True)
class Gpu:
    """One kind of GPU. `type` is GKE's name of it. `machines` has the counts that each machine type
    allows: several for a type whose GPUs are chosen. `zones` has the letters of the zones that
    offered it, by region; it is empty if they are not known here."""

    type: str
    machines: Mapping[str, tuple[int, ...]]
    zones: Mapping[str, str]


_N1 = "n1-standard-*, n1-highmem-* or n1-highcpu-*"

#: Machine types: https://cloud.google.com/compute/docs/gpus. Zones: SkyPilot's catalogue v8, made
#: from Google's price list and API, commit 006059e.
GPUS: Mapping[str, Gpu] = {
    "nvidia-t4": Gpu(
        type="nvidia-tesla-t4",
        machines={_N1: (1, 2, 4)},
        zones={
            "asia-east1": "ac",
            "asia-east2": "ac",
            "asia-northeast1": "ac",
            "asia-northeast3": "bc",
            "asia-south1": "ab",
            "asia-southeast1": "abc",
            "asia-southeast2": "ab",
            "australia-southeast1": "ac",
            "europe-central2": "bc",
            "europe-west1": "bcd",
            "europe-west2": "ab",
            "europe-west3": "b",
            "europe-west4": "abc",
            "me-west1": "bc",
            "northamerica-northeast1": "c",
            "southamerica-east1": "abc",
            "us-central1": "abcf",
            "us-east1": "bcd",
            "us-east4": "abc",
            "us-west1": "ab",
            "us-west2": "bc",
            "us-west3": "b",
            "us-west4": "ab",
        },
    ),
    "nvidia-l4": Gpu(
        type="nvidia-l4",
        machines={
            **{f"g2-standard-{cores}": (1,) for cores in (4, 8, 12, 16, 32)},
            "g2-standard-24": (2,),
            "g2-standard-48": (4,),
            "g2-standard-96": (8,),
        },
        zones={
            "asia-east1": "abc",
            "asia-northeast1": "abc",
            "asia-northeast3": "ab",
            "asia-south1": "abc",
            "asia-southeast1": "abc",
            "europe-west1": "bc",
            "europe-west2": "ab",
            "europe-west3": "ab",
            "europe-west4": "abc",
            "europe-west6": "bc",
            "me-central2": "ac",
            "northamerica-northeast1": "bc",
            "northamerica-northeast2": "ab",
            "us-central1": "abc",
            "us-east1": "bcd",
            "us-east4": "ac",
            "us-west1": "abc",
            "us-west4": "ac",
        },
    ),
    "nvidia-a100": Gpu(
        type="nvidia-tesla-a100",
        machines={**{f"a2-highgpu-{n}g": (n,) for n in (1, 2, 4, 8)}, "a2-megagpu-16g": (16,)},
        zones={
            "asia-northeast1": "ac",
            "asia-northeast3": "ab",
            "asia-southeast1": "abc",
            "europe-west4": "ab",
            "me-west1": "ac",
            "us-central1": "abcf",
            "us-east1": "b",
            "us-west1": "b",
            "us-west3": "b",
            "us-west4": "b",
        },
    ),
    "nvidia-a100-80gb": Gpu(
        type="nvidia-a100-80gb",
        machines={f"a2-ultragpu-{n}g": (n,) for n in (1, 2, 4, 8)},
        zones={
            "asia-southeast1": "c",
            "europe-west4": "a",
            "us-central1": "ac",
            "us-east4": "c",
            "us-east5": "ab",
        },
    ),
    "nvidia-h100": Gpu(
        type="nvidia-h100-80gb",
        machines={f"a3-highgpu-{n}g": (n,) for n in (1, 2, 4, 8)},
        zones={
            "asia-east1": "c",
            "asia-northeast1": "b",
            "asia-south1": "c",
            "asia-south2": "b",
            "asia-southeast1": "bc",
            "australia-southeast1": "c",
            "europe-north1": "c",
            "europe-west1": "bc",
            "europe-west3": "c",
            "europe-west4": "bc",
            "europe-west8": "c",
            "europe-west9": "c",
            "us-central1": "abc",
            "us-east4": "abc",
            "us-east5": "a",
            "us-west1": "ab",
            "us-west4": "a",
        },
    ),
    "nvidia-h200": Gpu(type="nvidia-h200-141gb", machines={"a3-ultragpu-8g": (8,)}, zones={}),
    "nvidia-b200": Gpu(
        type="nvidia-b200",
        machines={"a4-highgpu-8g": (8,)},
        zones={
            "asia-northeast1": "b",
            "asia-southeast1": "b",
            "europe-north1": "b",
            "europe-west4": "b",
            "us-central1": "b",
            "us-east1": "b",
            "us-east4": "b",
            "us-south1": "b",
            "us-west2": "c",
            "us-west3": "bc",
        },
    ),
}
#: Machine series that cannot use Persistent Disk:
#: https://cloud.google.com/compute/docs/disks/hyperdisks
_HYPERDISK_ONLY = ("a3-ultragpu", "a4", "c4", "g4", "h4d", "m4", "n4", "x4")
#: Machine types that Google offers only as spot VMs or for a reserved period:
#: https://cloud.google.com/compute/docs/accelerator-optimized-machines#a3-high-vms
SPOT_ONLY = frozenset({"a3-highgpu-1g", "a3-highgpu-2g", "a3-highgpu-4g"})


def disk_type(machine_type: str) -> str:
    """The type of balanced disk that the machine type can boot from."""
    return "hyperdisk-balanced" if machine_type.startswith(_HYPERDISK_ONLY) else "pd-balanced"


def gpus(machine_type: str) -> Accelerator | None:
    """The GPUs of a machine type; None if it has none, or only those that a pool adds."""
    for kind, gpu in GPUS.items():
        counts = gpu.machines.get(machine_type)
        if counts:
            return Accelerator(kind=kind, count=counts[0])
    return None


def check_accelerator(accelerator: Accelerator, machine_type: str, has_driver: bool) -> None:
    """Raises a `mistake` if the machine type cannot have `accelerator`. `has_driver` tells whether
    the pool sets `gpu_driver`, which the fix then takes out, too."""
    offers = (
        _N1 if re.fullmatch(r"n1-(standard|highmem|highcpu)-\d+", machine_type) else machine_type
    )
    gpu = GPUS.get(accelerator.kind)
    if gpu and accelerator.count in gpu.machines.get(offers, ()):
        return
    own = [
        Accelerator(
            kind=kind, count=max((n for n in counts if n <= accelerator.count), default=counts[0])
        )
        for kind, each in GPUS.items()
        if (counts := each.machines.get(offers))
    ]
    driver = " and `gpu_driver`" if has_driver else ""
    fixes = [f"write `accelerator: {each.written}`" for each in own] or [
        f"take `accelerator`{driver} out"
    ]
    if gpu is None:
        expected = f"`accelerator.kind`, one of {listed(GPUS)}, not `{accelerator.kind}`"
        raise mistake(expected, " or ".join(fixes))
    fit = [name for name, each in gpu.machines.items() if accelerator.count in each]
    named = next((name for name in fit if name not in SPOT_ONLY), None)
    if named:
        fixes.append(f"write `machine_type: {'n1-standard-8' if named == _N1 else named}`")
    raise mistake(
        f"a machine type with {accelerator.count} `{accelerator.kind}`: {listed(fit) if fit else 'none has it'}",
        " or ".join(fixes),
    )


def zones_with(kind: str, region: str) -> tuple[str, ...] | None:
    """The zones of `region` that offered the GPU, None if they are not known here."""
    gpu = GPUS[kind]
    if not gpu.zones:
        return None
    return tuple(f"{region}-{letter}" for letter in gpu.zones.get(region, ""))
