"""`AckOptions`: what a stack says of a cluster on ACK."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from components.clusters import version_support
from components.clusters.ack.identifiers import AccountId, InstanceId, KmsInstanceId
from components.clusters.ack.installed import installed
from components.clusters.ack.pool_options import AckNodePool
from components.clusters.ack.provider_keys import ALICLOUD, ALICLOUD_BESIDE
from components.clusters.ack.versions import DEFAULT_MINOR, MINORS
from components.clusters.ack.vpc_options import CreateAckVpc, ExistingAckVpc
from components.clusters.cloud import CloudOptions
from components.clusters.ranges import SERVICE_RANGES, apart
from components.config.addon_options import Capability
from components.config.discriminated import OneOf
from components.config.options import Options, listed, mistake
from components.config.provider_keys import KUBERNETES, ProviderKeys
from components.config.values import Label

_REGION = re.compile(r"[a-z]{2}-[a-z]+(-[a-z0-9]+)*")


class RegistryOptions(Options):
    """An instance of Container Registry's Enterprise Edition that is there: one is paid for by the
    month, so the stack makes none."""

    instance: InstanceId
    """The instance. It has to let the cluster's VPC in"""
    namespaces: tuple[Label, ...] = Field(
        default=("models",), strict=False, json_schema_extra={"minItems": 1}
    )
    """Kubernetes' namespaces whose pods pull from it: that of `slipway:namespace`, and others"""

    @field_validator("namespaces")
    @classmethod
    def _some(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise mistake("at least one namespace", "leave it out for models")
        return value


class AckOptions(CloudOptions):
    """An ACK managed Pro cluster, its network, nodes, logs and storage."""

    identities = frozenset({"oss"})
    provides = frozenset({Capability.METRICS_API})
    remote_keys = ALICLOUD_BESIDE
    usual_machine = "ecs.g7.xlarge"

    kind: Annotated[Literal["ack"], AfterValidator(installed)]
    account: AccountId | None = None
    """The account's id, in quotes. With credentials of another account, whatever profile or
    environment they come from, `up` makes and changes nothing. Left out, the account is the one of
    the credentials, which a preview prints"""
    vpc: Annotated[
        CreateAckVpc | ExistingAckVpc, OneOf({"create": CreateAckVpc, "existing": ExistingAckVpc})
    ]
    """The network: made for the cluster, or one that is there"""
    node_pools: dict[Label, AckNodePool]  # read, never written to
    """The nodes, by a name for each pool"""
    kms_instance: KmsInstanceId | None = None
    """The KMS instance that the key is made in. Left out, in none, as far as KMS lets the account:
    those that came to KMS lately need an instance"""
    log_project: Label | None = None
    """The project of the Simple Log Service that is made for the logs. Its name is nobody else's
    in all of Alibaba Cloud; left out, `slipway-<stack>-logs`"""
    log_days: int = Field(default=90, ge=1, le=3000)
    """How long audit, control-plane, flow and container logs are kept"""
    registry: RegistryOptions | None = None
    """A repository for the stack's images, from which its nodes pull without a password"""
    shared_storage: bool = False
    """A NAS file system for volumes that several nodes mount (`access_mode: ReadWriteMany`)"""

    @classmethod
    def check_sdk(cls) -> None:
        installed("ack")

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
    def _region(cls, value: str) -> str:
        if not _REGION.fullmatch(value):
            raise mistake(
                "a region of Alibaba Cloud such as `cn-hangzhou`", "write it as the console has it"
            )
        return value

    @field_validator("version")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        return value if value is None else version_support.known(value, MINORS)

    @field_validator("vpc")
    @classmethod
    def _zones_of_the_region(
        cls, value: CreateAckVpc | ExistingAckVpc, info: ValidationInfo
    ) -> CreateAckVpc | ExistingAckVpc:
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
    def _in_the_zones(
        cls, value: dict[str, AckNodePool], info: ValidationInfo
    ) -> dict[str, AckNodePool]:
        vpc = info.data.get("vpc")
        if not isinstance(vpc, ExistingAckVpc):
            return value  # what is made is compared with the rest of the stack
        for name, pool in value.items():
            for zone in pool.zones:
                if zone not in vpc.nodes:
                    raise mistake(
                        f"zones of `vpc.nodes` in `node_pools.{name}.zones`: {listed(vpc.nodes)}",
                        f"take `{zone}` out of `{name}.zones`, or add a vSwitch in that zone",
                    )
        return value

    @model_validator(mode="after")
    def _apart(self) -> AckOptions:
        services = ipaddress.ip_network(self.service_cidr)
        if isinstance(self.vpc, ExistingAckVpc) and services.overlaps(
            ipaddress.ip_network(self.vpc.cidr)
        ):
            raise mistake(
                f"`service_cidr` ({self.service_cidr}) outside `vpc.cidr` ({self.vpc.cidr})",
                apart("service_cidr", SERVICE_RANGES, self.vpc.cidr)
                + ": no address can be both a node's and a Service's",
            )
        if self.encryption_key and self.kms_instance:
            raise mistake("either `encryption_key` or `kms_instance`", "take `kms_instance` out")
        return self
