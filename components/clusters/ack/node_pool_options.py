"""`AckNodePool`: nodes of one make on ACK."""

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
    if not machines.is_type(raw):
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
    """Nodes of one make."""

    machine_type: Machine
    """What ECS calls the machine, such as `ecs.g7.xlarge`"""
    alternatives: tuple[Machine, ...] = Field(default=(), strict=False)
    """Machine types to take where there is none of `machine_type`, in this order. GPUs have to
    be the same"""
    driver: str | None = None
    """The version of NVIDIA's driver that new nodes install, such as `550.144.03`; left out,
    ACK's own choice. Where ACK does not know the version it takes its own, too"""

    disk: Annotated[str, *amount("40Gi", "2048Gi")] = "100Gi"
    """The disk of each node, encrypted: images, logs, and model files that pods copy"""
    gpu_driver: Literal["device-plugin", "dra"] | None = None
    """How its GPUs are offered to Kubernetes: by ACK's device plugin where it is left out. With
    `dra` none runs: they are left to NVIDIA's driver for Dynamic Resource Allocation, which is
    not Slipway's, and models that ask for `accelerator` do not run there"""
    upgrade: bool = False
    """Bring its nodes to the cluster's version by this `up`, one at a time, each with a new system
    disk. Any later `up` that changes the pool does it again: take it out afterwards"""

    @property
    def machine_types(self) -> list[str]:
        """All types that a node may have."""
        return [self.machine_type, *self.alternatives]

    @property
    def disk_gib(self) -> int:
        """The disk in GiB, rounded up."""
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
    def _what_the_machines_have(self) -> AckNodePool:
        for machine in self.machine_types:
            self._compare(machine)
        if self.driver and self.accelerator is None:
            raise mistake("`driver` beside `accelerator`", "take `driver` out")
        self.drives_something()
        return self

    def _compare(self, machine: str) -> None:
        asked, there = self.accelerator, machines.gpus(machine)
        other = f"take `{machine}` out of `alternatives`" if machine != self.machine_type else None
        if asked and not machines.has_gpus(machine):
            drivers = {"gpu_driver": self.gpu_driver, "driver": self.driver}
            keys = ["accelerator", *(key for key, value in drivers.items() if value)]
            raise mistake(
                f"a machine with {asked.kind} such as `ecs.gn7i-c8g1.2xlarge`: `{machine}` has no "
                "GPU",
                other or f"take {' and '.join(f'`{key}`' for key in keys)} out",
            )
        if asked is None and machines.has_gpus(machine):
            said = there.written if there else "{kind: nvidia}"
            raise mistake(
                f"`accelerator` beside `{machine}`, which has GPUs",
                other or f"add `accelerator: {said}`",
            )
        if asked is None or there is None:
            return
        if there.count != asked.count or not (asked.is_on(there) or asked.kind == there.kind):
            raise mistake(
                f"what `{machine}` has: {there.count} of `{there.kind}`",
                other or f"write `accelerator: {there.written}`",
            )
