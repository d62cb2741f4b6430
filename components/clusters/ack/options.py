"""`AckOptions`: the options of a cluster on ACK."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from components.clusters import version_support
from components.clusters.ack.identifiers import AccountId, InstanceId, KmsInstanceId
from components.clusters.ack.node_pool_options import AckNodePool
from components.clusters.ack.provider_keys import ALICLOUD, ALICLOUD_REMOTE
from components.clusters.ack.sdk_check import check_sdk
from components.clusters.ack.versions import DEFAULT_MINOR, MINORS
from components.clusters.ack.vpc_options import AckCreateVpc, AckExistingVpc
from components.clusters.cloud import CloudOptions
from components.clusters.ranges import SERVICE_RANGES, free_range_fix
from components.config.addon_options import METRICS_API
from components.config.discriminated import OneOf
from components.config.options import Options, listed, mistake
from components.config.provider_keys import KUBERNETES, ProviderKeys
from components.config.values import Label

_REGION = re.compile(r"[a-z]{2}-[a-z]+(-[a-z0-9]+)*")


class RegistryOptions(Options):
    """An existing instance of Container Registry, Enterprise Edition. The stack makes none, since an
    instance is paid for by the month."""

    instance: InstanceId
    """The instance's ID. Its access control has to admit the cluster's VPC"""
    namespaces: tuple[Label, ...] = Field(
        default=("models",), strict=False, json_schema_extra={"minItems": 1}
    )
    """Kubernetes namespaces whose pods pull from it: the one in `slipway:namespace`, and others"""

    @field_validator("namespaces")
    @classmethod
    def _at_least_one(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise mistake("at least one namespace", "leave it out for models")
        return value


class AckOptions(CloudOptions):
    """An ACK managed Pro cluster, its network, nodes, logs and storage."""

    identities = frozenset({"oss"})
    provides = frozenset({METRICS_API})
    remote_keys = ALICLOUD_REMOTE
    usual_machine = "ecs.g7.xlarge"

    kind: Annotated[Literal["ack"], AfterValidator(check_sdk)]
    account: AccountId | None = None
    """The account's ID, in quotes. With credentials of another account, from any profile or
    environment, `up` makes and changes nothing. Default: the account of the credentials, which a
    preview prints"""
    vpc: Annotated[
        AckCreateVpc | AckExistingVpc, OneOf({"create": AckCreateVpc, "existing": AckExistingVpc})
    ]
    """The network: made for the cluster, or an existing one"""
    node_pools: dict[Label, AckNodePool]  # narrower than in the base class, and never written to
    """The node pools, by name"""
    kms_instance: KmsInstanceId | None = None
    """The KMS instance in which the key is made. Default: none. Accounts that are new to KMS need
    one"""
    log_project: Label | None = None
    """The name of the Simple Log Service project that is made for the logs, unique in all of
    Alibaba Cloud. Default: `slipway-<stack>-logs`"""
    log_days: int = Field(default=90, ge=1, le=3000)
    """Retention of audit, control-plane, flow and container logs, in days"""
    registry: RegistryOptions | None = None
    """A repository for the stack's images, from which its nodes pull without a password"""
    shared_storage: bool = False
    """Whether to make a NAS file system, for volumes that several nodes mount (`access_mode:
    ReadWriteMany`)"""

    @classmethod
    def require_sdk(cls) -> None:
        check_sdk("ack")

    @classmethod
    def provider_keys(cls, raw: Mapping[str, Any]) -> Sequence[ProviderKeys]:
        return (ALICLOUD, KUBERNETES)

    def access_modes(self) -> frozenset[str]:
        shared = {"ReadWriteMany", "ReadOnlyMany"} if self.shared_storage else set()
        return frozenset({"ReadWriteOnce", *shared})

    @property
    def minor(self) -> str:
        """Kubernetes' minor version."""
        return self.version or DEFAULT_MINOR

    @field_validator("region")
    @classmethod
    def _known_region(cls, value: str) -> str:
        if not _REGION.fullmatch(value):
            raise mistake(
                "a region of Alibaba Cloud such as `cn-hangzhou`", "write it as the console has it"
            )
        return value

    @field_validator("version")
    @classmethod
    def _known_version(cls, value: str | None) -> str | None:
        return value if value is None else version_support.known(value, MINORS)

    @field_validator("vpc")
    @classmethod
    def _zones_in_region(
        cls, value: AckCreateVpc | AckExistingVpc, info: ValidationInfo
    ) -> AckCreateVpc | AckExistingVpc:
        region = info.data.get("region")
        for zone in value.all_zones:
            # `cn-hangzhou-i`, but `ap-southeast-1a`.
            if region and not re.fullmatch(rf"{region}(-[a-z]|[a-z])", zone):
                raise mistake(
                    f"zones of `{region}` such as `{region}-a`: `{zone}` is none",
                    "write zones of that region, or change the region",
                )
        return value

    @field_validator("node_pools")
    @classmethod
    def _pools_in_existing_zones(
        cls, value: dict[str, AckNodePool], info: ValidationInfo
    ) -> dict[str, AckNodePool]:
        vpc = info.data.get("vpc")
        if not isinstance(vpc, AckExistingVpc):
            return value  # `CloudOptions` checks the zones of a VPC that the stack makes
        for name, pool in value.items():
            for zone in pool.zones:
                if zone not in vpc.nodes:
                    raise mistake(
                        f"zones of `vpc.nodes` in `node_pools.{name}.zones`: {listed(vpc.nodes)}",
                        f"take `{zone}` out of `{name}.zones`, or add a vSwitch in that zone",
                    )
        return value

    @model_validator(mode="after")
    def _no_conflicts(self) -> AckOptions:
        services = ipaddress.ip_network(self.service_cidr)
        if isinstance(self.vpc, AckExistingVpc) and services.overlaps(
            ipaddress.ip_network(self.vpc.cidr)
        ):
            raise mistake(
                f"`service_cidr` ({self.service_cidr}) outside `vpc.cidr` ({self.vpc.cidr})",
                free_range_fix("service_cidr", SERVICE_RANGES, self.vpc.cidr)
                + ": no address can be both a node's and a Service's",
            )
        if self.encryption_key and self.kms_instance:
            raise mistake("either `encryption_key` or `kms_instance`", "take `kms_instance` out")
        return self
