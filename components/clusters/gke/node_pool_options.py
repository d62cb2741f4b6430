"""`GkeNodePool`: what a stack says of the nodes of a pool."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator, model_validator

from components.clusters.cloud import CloudNodePool
from components.clusters.gke import machines
from components.config.options import mistake
from components.config.values import Bytes, byte_count

#: GKE's 40 characters, of which Pulumi and the two halves of a spot pool take 22.
LONGEST_NAME = 18
_GIB = 2**30


def short_enough(name: str) -> None:
    """Raises a `mistake` where GKE could not take `name`."""
    if len(name) > LONGEST_NAME:
        raise mistake(
            f"names of at most {LONGEST_NAME} characters, not `{name}`",
            f"shorten it: `{name[:LONGEST_NAME].rstrip('-')}`",
        )


class GkeNodePool(CloudNodePool):
    """Nodes of one machine type. A pool with `spot.on_demand` is two pools in GKE."""

    image_family: Literal["COS_CONTAINERD", "UBUNTU_CONTAINERD"] = "COS_CONTAINERD"
    """The nodes' image"""
    gpu_driver: Literal["default", "latest", "dra"] | None = None
    """Which GPU driver GKE installs; `default` where it is left out. With `dra` GKE installs
    neither driver nor device plugin: both are left to NVIDIA's driver for Dynamic Resource
    Allocation, which is not Slipway's, and models that ask for `accelerator` do not run there"""
    disk_type: Literal["pd-standard", "pd-balanced", "pd-ssd", "hyperdisk-balanced"] | None = None
    """The nodes' disks; the balanced one that the machine can have where it is left out"""

    @property
    def disk_size(self) -> int:
        """In GiB, rounded up."""
        return -(-byte_count(self.disk) // _GIB)

    @field_validator("disk")
    @classmethod
    def _bootable(cls, value: Bytes) -> Bytes:
        if byte_count(value) < 20 * _GIB:
            raise mistake("at least `20Gi`: the system takes about half of it", "write `20Gi`")
        return value

    @model_validator(mode="after")
    def _machine_has_it(self) -> GkeNodePool:
        if self.machine_type in machines.SPOT_ONLY and (not self.spot or self.spot.on_demand):
            raise mistake(
                f"`spot` without a floor: Google sells `{self.machine_type}` no other way",
                "write `spot: {}`, or choose `a3-highgpu-8g`",
            )
        if self.accelerator:
            machines.fitting(self.accelerator, self.machine_type)
            if self.image_family != "COS_CONTAINERD":
                raise mistake(
                    "`COS_CONTAINERD` on nodes with GPUs: secure boot loads its signed drivers "
                    "and no others",
                    "take `image_family` out",
                )
            return self
        if there := machines.built_in(self.machine_type):
            example = f"{{kind: {there.kind}, count: {there.count}}}"
            raise mistake(
                f"`accelerator` beside `{self.machine_type}`, which has GPUs",
                f"write `accelerator: {example}`, or choose another machine type",
            )
        return self
