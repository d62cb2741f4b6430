"""`EksOptions`: what a stack says of a cluster on Amazon EKS."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from string import ascii_lowercase
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from components.clusters import version_support
from components.clusters.cloud import (
    CloudNodePool,
    CloudOptions,
    CreateVpc,
    VpcOptions,
)
from components.clusters.eks import machines
from components.clusters.eks.identifiers import AccountId, KeyArn, PrincipalArn, SubnetId, VpcId
from components.clusters.eks.provider_keys import AWS, AWS_BESIDE
from components.clusters.eks.regions import ADDON_ACCOUNTS, GPU_FAMILIES
from components.clusters.eks.versions import DEFAULT_MINOR, MINORS
from components.clusters.ranges import enough_zones, ip_range
from components.config.discriminated import OneOf
from components.config.options import listed, mistake
from components.config.provider_keys import KUBERNETES, ProviderKeys
from components.config.values import Label

_RETENTIONS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653)


def _both(key: str, pool: CloudNodePool) -> str:
    """A key of a pool, and `gpu_driver` where that cannot be without it."""
    return f"`{key}` and `gpu_driver`" if pool.gpu_driver else f"`{key}`"


class EksCreateVpc(CreateVpc):
    """A VPC with a private and a public subnet in each zone. Nodes are in the private ones, and go
    out by NAT; load balancers in the public ones."""

    zones: tuple[str, ...] = Field(strict=False)
    """Two or three availability zones, such as `[eu-central-1a, eu-central-1b]`"""
    nat: Literal["zone", "one"] = "zone"
    """A NAT gateway in each zone, or `one` for all: cheaper by one or two of them, but without
    that zone no node reaches a registry"""

    @field_validator("zones")
    @classmethod
    def _two_or_three(cls, zones: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(zones)) != len(zones) or len(zones) not in (2, 3):
            near = enough_zones(zones, 2, 3)
            fix = f"write `{near}`" if near else "write two zones of the region"
            raise mistake("two or three different zones: EKS needs two at least", fix)
        return zones


class EksExistingVpc(VpcOptions):
    """A VPC that is there. Its private subnets reach registries and the AWS API, by NAT or by VPC
    endpoints; those for load balancers are tagged as EKS' documents say. Its flow logs are its
    owner's."""

    kind: Literal["existing"]
    id: VpcId
    private_subnets: dict[str, SubnetId]
    """The nodes' subnets, by availability zone: two at least"""

    @field_validator("private_subnets")
    @classmethod
    def _two(cls, subnets: dict[str, str]) -> dict[str, str]:
        if len(subnets) < 2:
            raise mistake(
                "private subnets in two zones at least",
                "add a subnet in another zone",
            )
        return subnets


class EksNodePool(CloudNodePool):
    """A managed node group; a pool with spot nodes and a floor of others is two of them."""

    image_family: Literal["AL2023", "BOTTLEROCKET"] = "AL2023"
    """Amazon Linux 2023 or Bottlerocket, of the variant that the machine needs: x86 or ARM, with
    NVIDIA's driver or without"""

    gpu_driver: Literal["device-plugin", "dra"] | None = None
    """How its GPUs are offered to Kubernetes: by NVIDIA's device plugin where it is left out. With
    `dra` none runs: they are left to NVIDIA's driver for Dynamic Resource Allocation, which is
    not Slipway's, and models that ask for `accelerator` do not run there"""

    @field_validator("machine_type")
    @classmethod
    def _instance_type(cls, value: str) -> str:
        if not machines.is_machine_type(value):
            raise mistake("an EC2 instance type such as `m7i.large`", "write family, dot and size")
        return value

    @model_validator(mode="after")
    def _its_gpus(self) -> EksNodePool:
        there, said = machines.gpus(self.machine_type), self.accelerator
        if there and said is None:
            raise mistake(
                f"`accelerator` for `{self.machine_type}`, which has {there.count} × {there.kind}",
                f"write `accelerator: {there.written}`",
            )
        if said and not machines.may_have_gpus(self.machine_type):
            raise mistake(
                f"a machine with {said.kind}; `{self.machine_type}` has none",
                f"take {_both('accelerator', self)} out, or choose a machine that has it",
            )
        if there and said and not (said.is_on(there) and said.count == there.count):
            raise mistake(
                f"what `{self.machine_type}` has: {there.count} × {there.kind}",
                f"write `accelerator: {there.written}`",
            )
        self.drives_something()
        return self

    @model_validator(mode="after")
    def _one_driver(self) -> EksNodePool:
        if self.gpu_driver and self.image_family == "BOTTLEROCKET":
            raise mistake(
                "no `gpu_driver` for Bottlerocket, whose image has a device plugin of its own",
                "take `gpu_driver` out, or write `image_family: AL2023`",
            )
        return self

    @property
    def ami_type(self) -> str:
        """What EKS calls the nodes' image."""
        processor = "ARM_64" if machines.is_arm(self.machine_type) else "x86_64"
        if self.accelerator:
            return f"{self.image_family}_{processor}_NVIDIA"
        standard = "_STANDARD" if self.image_family == "AL2023" else ""
        return f"{self.image_family}_{processor}{standard}"

    @property
    def wants_device_plugin(self) -> bool:
        """Whether nothing else offers its GPUs to Kubernetes: Bottlerocket's image does so."""
        return bool(
            self.accelerator and self.image_family != "BOTTLEROCKET" and self.gpu_driver != "dra"
        )


class EksOptions(CloudOptions):
    """A cluster on Amazon EKS that this stack makes."""

    identities: ClassVar[frozenset[str]] = frozenset({"s3"})
    remote_keys: ClassVar[ProviderKeys | None] = AWS_BESIDE
    usual_machine: ClassVar[str] = "m7i.large"

    kind: Literal["eks"]
    account: AccountId | None = None
    """The account's id, in quotes. With credentials of another account, whatever profile or
    environment they come from, nothing is made, changed or destroyed. Left out, the account is the
    one of the credentials, which a preview prints"""
    name: Label | None = None
    """The cluster's name in the account and region; `<project>-<stack>` where it is left out"""
    vpc: Annotated[VpcOptions, OneOf({"create": EksCreateVpc, "existing": EksExistingVpc})]
    service_cidr: Annotated[str, *ip_range("172.20.0.0/16", 24, 12)] = "172.20.0.0/16"
    """Addresses of Services, which no network that the pods talk to may have"""
    node_pools: dict[Label, EksNodePool]
    """The nodes, by a name for each pool"""
    encryption_key: KeyArn | None = None
    """The ARN of the KMS key of secrets, disks, logs and images. Left out, one is made, rotated
    each year. A key of your own has to let CloudWatch Logs and EC2 Auto Scaling use it"""
    administrators: dict[Label, PrincipalArn] = Field(default_factory=dict)
    """IAM roles and users who may do everything on the cluster, by a name for each; whoever made
    the cluster may anyway"""
    autoscaler: Literal["cluster-autoscaler", "karpenter", "none"] = "cluster-autoscaler"
    """What makes and removes nodes between a pool's `min` and `max`. With `karpenter` the `min` of
    a pool are a managed node group and the others Karpenter's own, of the newest image"""
    shared_storage: bool = False
    """An EFS file system, for volumes of access mode ReadWriteMany and ReadOnlyMany"""
    internal_load_balancers: bool = False
    """Whether load balancers have private addresses only"""
    repositories: tuple[Label, ...] = Field(default=("models",), strict=False)
    """Repositories of a registry (ECR) that nodes may pull from, below the cluster's name"""
    container_logs: bool = True
    """Whether the logs of all containers go to CloudWatch, by Amazon's own add-on"""
    log_retention_days: int = 365
    """How long CloudWatch keeps logs, of the control plane, the network and the containers"""

    @classmethod
    def provider_keys(cls, raw: Mapping[str, Any]) -> Sequence[ProviderKeys]:
        return (AWS, KUBERNETES)

    def access_modes(self) -> frozenset[str]:
        shared = {"ReadWriteMany", "ReadOnlyMany"} if self.shared_storage else set()
        return frozenset({"ReadWriteOnce", *shared})

    @property
    def minor(self) -> str:
        """Kubernetes' minor version."""
        return self.version or DEFAULT_MINOR

    @property
    def lasting_nodes(self) -> int:
        """How many nodes there always are that pods may run on which tolerate nothing."""
        return sum(pool.min for name, pool in self.node_pools.items() if self.pools()[name].open)

    @field_validator("region")
    @classmethod
    def _known_region(cls, value: str) -> str:
        if value not in ADDON_ACCOUNTS:
            near = difflib.get_close_matches(value, ADDON_ACCOUNTS, n=1)
            near += [each for each in ADDON_ACCOUNTS if each[:2] == value[:2]] or ["eu-central-1"]
            # What is nearest to a zone is its region, and no other is meant.
            near = near[:1] if value.startswith(near[0]) else list(dict.fromkeys(near))
            raise mistake("a region of AWS that has EKS", f"write {listed(near)}")
        return value

    @field_validator("version")
    @classmethod
    def _known_version(cls, value: str | None) -> str | None:
        return value and version_support.known(value, MINORS)

    @field_validator("node_pools")
    @classmethod
    def _gpus_of_the_region(
        cls, pools: dict[str, EksNodePool], info: ValidationInfo
    ) -> dict[str, EksNodePool]:
        region = info.data.get("region", "")
        here = GPU_FAMILIES.get(region, "").split()
        for name, pool in pools.items():
            if there := machines.elsewhere(pool.machine_type, region):
                raise mistake(
                    f"a region with `{pool.machine_type}` for the pool `{name}`: {listed(there)}; "
                    f"`{region}` has {listed(here) if here else 'no GPUs'}",
                    "change the region, or the pool's machine",
                )
        return pools

    @field_validator("log_retention_days")
    @classmethod
    def _retention(cls, value: int) -> int:
        if value not in _RETENTIONS:
            above = next((days for days in _RETENTIONS if days > value), _RETENTIONS[-1])
            raise mistake(
                f"a number of days that CloudWatch knows: {', '.join(map(str, _RETENTIONS))}",
                f"write `{above}`",
            )
        return value

    @model_validator(mode="after")
    def _karpenter_sees_claims(self) -> EksOptions:
        if self.autoscaler != "karpenter":
            return self
        for name, pool in self.node_pools.items():
            if pool.gpu_driver == "dra" and pool.max > pool.min:
                raise mistake(
                    f"`min` and `max` alike in `node_pools.{name}`: Karpenter makes no nodes for "
                    "pods that claim devices by DRA",
                    f"write `{pool.max}` in `node_pools.{name}.min`, or "
                    "`autoscaler: cluster-autoscaler`",
                )
        return self

    @model_validator(mode="after")
    def _pools_in_zones(self) -> EksOptions:
        vpc = self.vpc
        there = vpc.zones if isinstance(vpc, EksCreateVpc) else ()
        if isinstance(vpc, EksExistingVpc):
            there = tuple(vpc.private_subnets)
        for zone in there:
            if not re.fullmatch(rf"{re.escape(self.region)}[a-z]", zone):
                letters = ascii_lowercase[: len(there)]
                own = ", ".join(f"{self.region}{letter}" for letter in letters)
                raise mistake(
                    f"zones of the region `{self.region}`, such as `{self.region}a`, not `{zone}`",
                    f"write `[{own}]` in `vpc.zones`"
                    if isinstance(vpc, EksCreateVpc)
                    else "change the region, or choose subnets in its zones",
                )
        for name, pool in self.node_pools.items():
            for zone in pool.zones:
                if zone not in there:
                    raise mistake(
                        f"zones of the network in `node_pools.{name}.zones`: {listed(there)}",
                        f"take `{zone}` out of `node_pools.{name}.zones`, or give the network a "
                        "subnet in it",
                    )
        return self
