"""`GkeNodePool`: what a stack says of the nodes of a pool."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import model_validator

from components.clusters.cloud import CloudNodePool
from components.clusters.gke import machines
from components.config.options import mistake, written
from components.config.quantities import amount, byte_count

#: GKE's 40 characters, of which Pulumi and the two halves of a spot pool take 22.
LONGEST_NAME = 18
_GIB = 2**30


def short_enough(name: str) -> str:
    """`name`, where GKE takes it; raises a `mistake` where not."""
    if len(name) > LONGEST_NAME:
        raise mistake(
            f"a name of at most {LONGEST_NAME} characters",
            f"did you mean `{written(name[:LONGEST_NAME].rstrip('-'))}`?",
        )
    return name


class GkeNodePool(CloudNodePool):
    """Nodes of one machine type. A pool with `spot.on_demand` is two pools in GKE."""

    image_family: Literal["COS_CONTAINERD", "UBUNTU_CONTAINERD"] = "COS_CONTAINERD"
    """The nodes' image"""
    gpu_driver: Literal["default", "latest", "dra"] | None = None
    """Which GPU driver GKE installs; `default` where it is left out. With `dra` GKE installs
    neither driver nor device plugin: both are left to NVIDIA's driver for Dynamic Resource
    Allocation, which is not Slipway's, and models that ask for `accelerator` do not run there"""
    disk: Annotated[str, *amount("20Gi", "64Ti")] = "100Gi"
    """The disk of each node, encrypted: images, logs, and model files that pods copy. The system
    takes about 10Gi of it"""
    disk_type: Literal["pd-standard", "pd-balanced", "pd-ssd", "hyperdisk-balanced"] | None = None
    """The nodes' disks; the balanced one that the machine can have where it is left out"""

    @property
    def disk_size(self) -> int:
        """In GiB, rounded up."""
        return -(-byte_count(self.disk) // _GIB)

    @model_validator(mode="after")
    def _machine_has_it(self) -> GkeNodePool:
        if self.machine_type in machines.SPOT_ONLY and (not self.spot or self.spot.on_demand):
            raise mistake(
                f"`spot` without a floor: Google sells `{self.machine_type}` no other way",
                "write `spot: {}`, or choose another machine type",
            )
        if self.accelerator:
            machines.fitting(self.accelerator, self.machine_type, self.gpu_driver is not None)
            if self.image_family != "COS_CONTAINERD":
                raise mistake(
                    "`COS_CONTAINERD` on nodes with GPUs: secure boot loads its signed drivers "
                    "and no others",
                    "take `image_family` out",
                )
            return self
        if there := machines.built_in(self.machine_type):
            raise mistake(
                f"`accelerator` beside `{self.machine_type}`, which has GPUs",
                f"write `accelerator: {there.written}`, or choose another machine type",
            )
        self.drives_something()
        return self
