"""`GkeNodePool`: the options of a node pool on GKE."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import model_validator

from components.clusters.cloud import CloudNodePool
from components.clusters.gke import machines
from components.config.options import mistake, written
from components.config.quantities import amount, byte_count

#: In characters: GKE allows 40, of which the names that Pulumi and a split spot pool add take 22.
LONGEST_NAME = 18
_GIB = 2**30


def short_enough(name: str) -> str:
    """`name`, if it is not too long for GKE. Raises a `mistake` if it is."""
    if len(name) > LONGEST_NAME:
        raise mistake(
            f"a name of at most {LONGEST_NAME} characters",
            f"did you mean `{written(name[:LONGEST_NAME].rstrip('-'))}`?",
        )
    return name


class GkeNodePool(CloudNodePool):
    """Nodes of one machine type. With `spot.on_demand` it is two pools in GKE."""

    image_family: Literal["COS_CONTAINERD", "UBUNTU_CONTAINERD"] = "COS_CONTAINERD"
    """The nodes' image"""
    gpu_driver: Literal["default", "latest", "dra"] | None = None
    """The GPU driver that GKE installs. Default: `default`. With `dra` GKE installs neither driver
    nor device plugin: you install NVIDIA's driver for Dynamic Resource Allocation, and models with
    `accelerator` do not run on these nodes"""
    disk: Annotated[str, *amount("20Gi", "64Ti")] = "100Gi"
    """The size of each node's disk, which is encrypted. It holds images, logs and the model files
    that pods copy; the system takes about 10Gi"""
    disk_type: Literal["pd-standard", "pd-balanced", "pd-ssd", "hyperdisk-balanced"] | None = None
    """The type of the nodes' disks. Default: the balanced type that fits the machine type"""

    @property
    def disk_gib(self) -> int:
        """The disk's size in GiB, rounded up."""
        return -(-byte_count(self.disk) // _GIB)

    @model_validator(mode="after")
    def _accelerator_matches_machine(self) -> GkeNodePool:
        if self.machine_type in machines.SPOT_ONLY and (not self.spot or self.spot.on_demand):
            raise mistake(
                f"`spot` without a floor: Google sells `{self.machine_type}` no other way",
                "write `spot: {}`, or choose another machine type",
            )
        if self.accelerator:
            machines.check_accelerator(
                self.accelerator, self.machine_type, self.gpu_driver is not None
            )
            if self.image_family != "COS_CONTAINERD":
                raise mistake(
                    "`COS_CONTAINERD` on nodes with GPUs: secure boot loads its signed drivers "
                    "and no others",
                    "take `image_family` out",
                )
            return self
        if gpus := machines.gpus(self.machine_type):
            raise mistake(
                f"`accelerator` beside `{self.machine_type}`, which has GPUs",
                f"write `accelerator: {gpus.written}`, or choose another machine type",
            )
        self.check_gpu_driver()
        return self
