"""`AckNodePool`: the options of a node pool on ACK."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from components.clusters.ack import machines
from components.clusters.cloud import CloudNodePool
from components.config.options import likely, mistake
from components.config.quantities import amount, byte_count

_DRIVER = re.compile(r"\d{3}\.\d{1,3}(\.\d{1,3})?")


def _machine(raw: str) -> str:
    if not machines.is_machine_type(raw):
        expected = "a machine type of ECS such as `ecs.g7.xlarge`"
        raise likely(_machine, expected, "write it as ECS lists it", f"ecs.{raw}")
    if machines.is_refused(raw):
        raise mistake(
            "a machine type that ACK takes nodes of, such as `ecs.g7.xlarge`, or with a GPU "
            "`ecs.gn7i-c8g1.2xlarge`, not a shared, burstable or part-of-a-GPU one",
            "choose another machine type",
        )
    return raw


Machine = Annotated[str, AfterValidator(_machine)]


class AckNodePool(CloudNodePool):
    """A node pool."""

    machine_type: Machine
    """The ECS instance type, such as `ecs.g7.xlarge`"""
    alternatives: tuple[Machine, ...] = Field(default=(), strict=False)
    """Instance types to use where `machine_type` is not available, in this order. All must have the
    same GPUs"""
    driver: str | None = None
    """The version of NVIDIA's driver that new nodes install, such as `550.144.03`. Default: ACK's
    choice, which ACK also falls back to for a version that it does not have"""

    disk: Annotated[str, *amount("40Gi", "2048Gi")] = "100Gi"
    """The size of each node's disk, which is encrypted. It holds images, logs and the model files
    that pods copy"""
    gpu_driver: Literal["device-plugin", "dra"] | None = None
    """What offers the GPUs to Kubernetes. Default: ACK's device plugin. With `dra` no device plugin
    runs: you install NVIDIA's driver for Dynamic Resource Allocation, and models with
    `accelerator` do not run on these nodes"""
    upgrade: bool = False
    """Whether this `up` upgrades the nodes to the cluster's version, one at a time, each with a new
    system disk. Take it out afterwards: a later `up` that changes the pool would upgrade again"""

    @property
    def machine_types(self) -> list[str]:
        """All instance types that the pool may use."""
        return [self.machine_type, *self.alternatives]

    @property
    def disk_gib(self) -> int:
        """The disk's size in GiB, rounded up."""
        return -(-byte_count(self.disk) // 2**30)

    @field_validator("driver")
    @classmethod
    def _version(cls, value: str | None) -> str | None:
        if value is not None and not _DRIVER.fullmatch(value):
            raise mistake(
                "a driver's version such as `550.144.03`", "write NVIDIA's number, in quotes"
            )
        return value

    @model_validator(mode="after")
    def _accelerator_matches_machines(self) -> AckNodePool:
        for machine in self.machine_types:
            self._compare_accelerator(machine)
        if self.driver and self.accelerator is None:
            raise mistake("`driver` beside `accelerator`", "take `driver` out")
        self.check_gpu_driver()
        return self

    def _compare_accelerator(self, machine: str) -> None:
        accelerator, gpus = self.accelerator, machines.gpus(machine)
        other = f"take `{machine}` out of `alternatives`" if machine != self.machine_type else None
        if accelerator and not machines.may_have_gpus(machine):
            drivers = {"gpu_driver": self.gpu_driver, "driver": self.driver}
            keys = ["accelerator", *(key for key, value in drivers.items() if value)]
            raise mistake(
                f"a machine with {accelerator.kind} such as `ecs.gn7i-c8g1.2xlarge`: `{machine}` has no "
                "GPU",
                other or f"take {' and '.join(f'`{key}`' for key in keys)} out",
            )
        if accelerator is None and machines.may_have_gpus(machine):
            written = gpus.written if gpus else "{kind: nvidia}"
            raise mistake(
                f"`accelerator` beside `{machine}`, which has GPUs",
                other or f"add `accelerator: {written}`",
            )
        if accelerator is None or gpus is None:
            return
        if gpus.count != accelerator.count or not (
            accelerator.is_on(gpus) or accelerator.kind == gpus.kind
        ):
            raise mistake(
                f"what `{machine}` has: {gpus.count} of `{gpus.kind}`",
                other or f"write `accelerator: {gpus.written}`",
            )
