"""`EksNodePool`: the options of a node pool on EKS."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator, model_validator

from components.clusters.cloud import CloudNodePool
from components.clusters.eks import machines
from components.config.options import mistake


def _with_driver(key: str, pool: CloudNodePool) -> str:
    """`key` in a fix that takes it out, with `gpu_driver`, which is not allowed without it."""
    return f"`{key}` and `gpu_driver`" if pool.gpu_driver else f"`{key}`"


class EksNodePool(CloudNodePool):
    """A node pool: a managed node group, or two if it has both spot and on-demand nodes."""

    image_family: Literal["AL2023", "BOTTLEROCKET"] = "AL2023"
    """Amazon Linux 2023 or Bottlerocket, in the variant that fits the machine type: x86 or ARM,
    with or without NVIDIA's driver"""

    gpu_driver: Literal["device-plugin", "dra"] | None = None
    """What offers the GPUs to Kubernetes. Default: NVIDIA's device plugin. With `dra` no device
    plugin runs: you install NVIDIA's driver for Dynamic Resource Allocation, and models with
    `accelerator` do not run on these nodes"""

    @field_validator("machine_type")
    @classmethod
    def _instance_type(cls, value: str) -> str:
        if not machines.is_machine_type(value):
            raise mistake("an EC2 instance type such as `m7i.large`", "write family, dot and size")
        return value

    @model_validator(mode="after")
    def _accelerator_matches_machine(self) -> EksNodePool:
        gpus, accelerator = machines.gpus(self.machine_type), self.accelerator
        if gpus and accelerator is None:
            raise mistake(
                f"`accelerator` for `{self.machine_type}`, which has {gpus.count} × {gpus.kind}",
                f"write `accelerator: {gpus.written}`",
            )
        if accelerator and not machines.may_have_gpus(self.machine_type):
            raise mistake(
                f"a machine with {accelerator.kind}; `{self.machine_type}` has none",
                f"take {_with_driver('accelerator', self)} out, or choose a machine that has it",
            )
        if (
            gpus
            and accelerator
            and not (accelerator.is_on(gpus) and accelerator.count == gpus.count)
        ):
            raise mistake(
                f"what `{self.machine_type}` has: {gpus.count} × {gpus.kind}",
                f"write `accelerator: {gpus.written}`",
            )
        self.check_gpu_driver()
        return self

    @model_validator(mode="after")
    def _one_device_plugin(self) -> EksNodePool:
        if self.gpu_driver and self.image_family == "BOTTLEROCKET":
            raise mistake(
                "no `gpu_driver` for Bottlerocket, whose image has a device plugin of its own",
                "take `gpu_driver` out, or write `image_family: AL2023`",
            )
        return self

    @property
    def ami_type(self) -> str:
        """The type of the nodes' image, as EKS names it."""
        processor = "ARM_64" if machines.is_arm(self.machine_type) else "x86_64"
        if self.accelerator:
            return f"{self.image_family}_{processor}_NVIDIA"
        standard = "_STANDARD" if self.image_family == "AL2023" else ""
        return f"{self.image_family}_{processor}{standard}"

    @property
    def needs_device_plugin(self) -> bool:
        """Whether the stack has to install a device plugin. Bottlerocket's image has one."""
        return bool(
            self.accelerator and self.image_family != "BOTTLEROCKET" and self.gpu_driver != "dra"
        )
