"""`EksOptions`: the options of a cluster on Amazon EKS."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from string import ascii_lowercase
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from components.clusters import version_support
from components.clusters.cloud import CloudOptions, VpcOptions
from components.clusters.eks import machines
from components.clusters.eks.identifiers import AccountId, KeyArn, PrincipalArn
from components.clusters.eks.node_pool_options import EksNodePool
from components.clusters.eks.provider_keys import AWS, AWS_REMOTE
from components.clusters.eks.regions import ADDON_ACCOUNTS, GPU_FAMILIES
from components.clusters.eks.versions import DEFAULT_MINOR, MINORS
from components.clusters.eks.vpc_options import EksCreateVpc, EksExistingVpc
from components.clusters.ranges import ip_range
from components.config.discriminated import OneOf
from components.config.options import listed, mistake
from components.config.provider_keys import KUBERNETES, ProviderKeys
from components.config.values import Label

#: The retentions that CloudWatch offers, in days.
_RETENTIONS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653)


class EksOptions(CloudOptions):
    """A cluster on Amazon EKS, with its network, nodes and add-ons."""

    identities: ClassVar[frozenset[str]] = frozenset({"s3"})
    remote_keys: ClassVar[ProviderKeys | None] = AWS_REMOTE
    usual_machine: ClassVar[str] = "m7i.large"

    kind: Literal["eks"]
    account: AccountId | None = None
    """The account's ID, in quotes. With credentials of another account, from any profile or
    environment, nothing is made, changed or destroyed. Default: the account of the credentials,
    which a preview prints"""
    name: Label | None = None
    """The cluster's name, unique in the account and region. Default: `<project>-<stack>`"""
    vpc: Annotated[VpcOptions, OneOf({"create": EksCreateVpc, "existing": EksExistingVpc})]
    service_cidr: Annotated[str, *ip_range("172.20.0.0/16", 24, 12)] = "172.20.0.0/16"
    """The address range of Services. It must not overlap a network that the pods connect to"""
    node_pools: dict[Label, EksNodePool]
    """The node pools, by name"""
    encryption_key: KeyArn | None = None
    """The ARN of the KMS key that encrypts secrets, disks, logs and images. Its policy has to let
    CloudWatch Logs and EC2 Auto Scaling use it. Default: the stack makes one, rotated once a year"""
    administrators: dict[Label, PrincipalArn] = Field(default_factory=dict)
    """IAM roles and users with all permissions on the cluster, by a name for each. The identity
    that made the cluster has them, too"""
    autoscaler: Literal["cluster-autoscaler", "karpenter", "none"] = "cluster-autoscaler"
    """What adds and removes nodes between a pool's `min` and `max`. With `karpenter` a managed node
    group has the pool's `min` nodes, and Karpenter makes the others, with the newest image"""
    shared_storage: bool = False
    """Whether to make an EFS file system, for volumes of access mode ReadWriteMany and ReadOnlyMany"""
    internal_load_balancers: bool = False
    """Whether load balancers have private addresses only"""
    repositories: tuple[Label, ...] = Field(default=("models",), strict=False)
    """Repositories of the registry (ECR) to make, which nodes may pull from. The cluster's name is
    put before each name"""
    container_logs: bool = True
    """Whether Amazon's add-on sends the logs of all containers to CloudWatch"""
    log_retention_days: int = 365
    """Retention of the logs of control plane, network and containers in CloudWatch, in days"""

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
    def permanent_nodes(self) -> int:
        """The sum of `min` over the untainted pools."""
        return sum(pool.min for name, pool in self.node_pools.items() if self.pools()[name].open)

    @field_validator("region")
    @classmethod
    def _known_region(cls, value: str) -> str:
        if value not in ADDON_ACCOUNTS:
            near = difflib.get_close_matches(value, ADDON_ACCOUNTS, n=1)
            near += [each for each in ADDON_ACCOUNTS if each[:2] == value[:2]] or ["eu-central-1"]
            # Only the region is meant where the value is one of its zones.
            near = near[:1] if value.startswith(near[0]) else list(dict.fromkeys(near))
            raise mistake("a region of AWS that has EKS", f"write {listed(near)}")
        return value

    @field_validator("version")
    @classmethod
    def _known_version(cls, value: str | None) -> str | None:
        return value and version_support.known(value, MINORS)

    @field_validator("node_pools")
    @classmethod
    def _gpus_in_region(
        cls, pools: dict[str, EksNodePool], info: ValidationInfo
    ) -> dict[str, EksNodePool]:
        region = info.data.get("region", "")
        families = GPU_FAMILIES.get(region, "").split()
        for name, pool in pools.items():
            if others := machines.regions_with_gpus(pool.machine_type, region):
                raise mistake(
                    f"a region with `{pool.machine_type}` for the pool `{name}`: {listed(others)}; "
                    f"`{region}` has {listed(families) if families else 'no GPUs'}",
                    "change the region, or the pool's machine",
                )
        return pools

    @field_validator("log_retention_days")
    @classmethod
    def _known_retention(cls, value: int) -> int:
        if value not in _RETENTIONS:
            above = next((days for days in _RETENTIONS if days > value), _RETENTIONS[-1])
            raise mistake(
                f"a number of days that CloudWatch knows: {', '.join(map(str, _RETENTIONS))}",
                f"write `{above}`",
            )
        return value

    @model_validator(mode="after")
    def _no_dra_with_karpenter(self) -> EksOptions:
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
        zones = vpc.zones if isinstance(vpc, EksCreateVpc) else ()
        if isinstance(vpc, EksExistingVpc):
            zones = tuple(vpc.private_subnets)
        for zone in zones:
            if not re.fullmatch(rf"{re.escape(self.region)}[a-z]", zone):
                letters = ascii_lowercase[: len(zones)]
                own = ", ".join(f"{self.region}{letter}" for letter in letters)
                raise mistake(
                    f"zones of the region `{self.region}`, such as `{self.region}a`, not `{zone}`",
                    f"write `[{own}]` in `vpc.zones`"
                    if isinstance(vpc, EksCreateVpc)
                    else "change the region, or choose subnets in its zones",
                )
        for name, pool in self.node_pools.items():
            for zone in pool.zones:
                if zone not in zones:
                    raise mistake(
                        f"zones of the network in `node_pools.{name}.zones`: {listed(zones)}",
                        f"take `{zone}` out of `node_pools.{name}.zones`, or give the network a "
                        "subnet in it",
                    )
        return self
