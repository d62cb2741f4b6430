"""`GkeOptions`: the options of a cluster on Google Kubernetes Engine."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from components.clusters.cloud import (
    AccessOptions,
    CidrsAccess,
    CloudOptions,
    DnsOptions,
    PrivateAccess,
    VpcOptions,
)
from components.clusters.gke.identifiers import ProjectId, Region, SecurityGroup
from components.clusters.gke.node_pool_options import GkeNodePool, short_enough
from components.clusters.gke.provider_keys import GCP, GCP_REMOTE
from components.clusters.gke.versions import DEFAULT_MINOR, MINORS
from components.clusters.gke.vpc_options import GkeCreateVpc, GkeExistingVpc
from components.clusters.gke.zones import check_gpu_zones, check_region, zones_of
from components.clusters.ranges import free_range_fix
from components.clusters.version_support import known
from components.config.addon_options import METRICS_API, Capability
from components.config.discriminated import OneOf
from components.config.options import Options, example, likely, mistake
from components.config.provider_keys import KUBERNETES, ProviderKeys
from components.config.values import Label

#: The prefix of each node's range of pod addresses:
#: https://cloud.google.com/kubernetes-engine/docs/how-to/flexible-pod-cidr
NODE_PREFIX = 24
_POD_RANGES = ("10.4.0.0/14", "10.64.0.0/14", "10.128.0.0/14", "172.24.0.0/14", "100.64.0.0/14")
_KEY = re.compile(r"projects/[^/]+/locations/([^/]+)/keyRings/[^/]+/cryptoKeys/[^/]+")


def _time(text: str) -> str:
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text):
        expected = "hour and minute, such as `02:00`"
        raise likely(_time, expected, "write both with two digits, in quotes", f"0{text}")
    return text


class DnsAccess(AccessOptions):
    """No endpoint with an IP address. The API has a DNS name of Google, which can be called from
    anywhere. Google's front end admits callers with the IAM permission
    `container.clusters.connect`."""

    kind: Literal["dns"]


class Maintenance(Options):
    """Weekly windows in which GKE may install patches on the control plane and the nodes."""

    days: tuple[Literal["MO", "TU", "WE", "TH", "FR", "SA", "SU"], ...] = Field(
        default=("SA", "SU"), strict=False
    )
    start: Annotated[str, AfterValidator(_time)] = "02:00"
    """Hour and minute, UTC"""
    hours: int = Field(default=6, ge=4, le=23)
    """Length of each window"""

    @model_validator(mode="after")
    def _long_enough(self) -> Maintenance:
        # https://cloud.google.com/kubernetes-engine/docs/concepts/maintenance-windows-and-exclusions
        days = len(set(self.days))
        if 4 * days * self.hours < 48:
            raise mistake(
                "48 hours of maintenance in any 32 days, as GKE demands",
                f"write `hours: {-(-12 // days)}`" if days else "take `days` out",
            )
        return self


class GkeDnsOptions(DnsOptions):
    """A zone of Cloud DNS, in the cluster's project."""

    managed_zone: Label
    """Cloud DNS' name of the zone, as `gcloud dns managed-zones list` shows it"""


class GkeOptions(CloudOptions):
    """A regional GKE cluster with node pools (not Autopilot)."""

    model_config = example(
        kind="gke",
        project="my-project",
        region="us-central1",
        vpc={"kind": "create"},
        access={"kind": "dns"},
        node_pools={"default": {"machine_type": "e2-standard-4", "min": 1, "max": 3}},
    )
    identities: ClassVar[frozenset[str]] = frozenset({"gs"})
    provides: ClassVar[frozenset[Capability]] = frozenset({METRICS_API})
    remote_keys: ClassVar[ProviderKeys | None] = GCP_REMOTE
    usual_machine: ClassVar[str] = "e2-standard-4"

    kind: Literal["gke"]
    project: ProjectId
    """The project's ID. It overrides the project of the environment and of `gcloud`"""
    region: Region
    vpc: Annotated[VpcOptions, OneOf({"create": GkeCreateVpc, "existing": GkeExistingVpc})]
    """The network: made for the cluster, or an existing one"""
    access: Annotated[
        AccessOptions, OneOf({"cidrs": CidrsAccess, "private": PrivateAccess, "dns": DnsAccess})
    ]
    """From where the Kubernetes API can be called"""
    encryption_key: str | None = None
    """The resource name of a key in the region, which encrypts Kubernetes' secrets, disks,
    Filestore and the registry. Google's service agents need permission to use it
    (docs/clouds/gke.md). Default: the stack makes one, rotated every 90 days"""
    channel: Literal["rapid", "regular", "stable", "extended"] = "regular"
    """The release channel that patches come from. The minor version remains that of `version`
    until its support ends"""
    maintenance: Maintenance = Maintenance()
    """When GKE may install patches"""
    node_pools: dict[Annotated[Label, AfterValidator(short_enough)], GkeNodePool]
    """The node pools, by name"""
    dns: GkeDnsOptions | None = None
    """The zone that gets a record for `slipway:gateway.host`. Default: none"""
    security_group: SecurityGroup | None = None
    """`gke-security-groups@<domain>`: RBAC can name the groups that are members of it. Default:
    RBAC cannot name groups"""
    filestore_tier: Literal["zonal", "enterprise"] = "zonal"
    """The Filestore tier of volumes with `access_mode: ReadWriteMany`: in one zone, or in several
    zones of the region. Each volume has at least 1Ti"""

    @classmethod
    def provider_keys(cls, raw: Mapping[str, Any]) -> Sequence[ProviderKeys]:
        return (GCP, KUBERNETES)

    @property
    def minor(self) -> str:
        """Kubernetes' minor version."""
        return self.version or DEFAULT_MINOR

    def zones(self, pool: GkeNodePool) -> tuple[str, ...]:
        """The zones of `pool`; empty if GKE chooses them."""
        return zones_of(pool, self.region, _zones(self.vpc))

    @field_validator("version")
    @classmethod
    def _known_version(cls, value: str | None) -> str | None:
        return value and known(value, MINORS)

    @field_validator("vpc")
    @classmethod
    def _zones_in_region(cls, vpc: VpcOptions, info: ValidationInfo) -> VpcOptions:
        region = info.data.get("region")
        if region:
            check_region(_zones(vpc), region, "zones")
        return vpc

    @field_validator("encryption_key")
    @classmethod
    def _key_in_region(cls, key: str | None, info: ValidationInfo) -> str | None:
        region = info.data.get("region")
        if key is None or region is None:
            return key
        expected = f"a key in `{region}`: `projects/…/locations/{region}/keyRings/…/cryptoKeys/…`"
        match = _KEY.fullmatch(key)
        if match is None:
            raise mistake(expected, "run `gcloud kms keys list` for its whole name")
        if match[1] != region:
            raise mistake(expected, "leave it out to make one, or choose a key in that region")
        return key

    @field_validator("node_pools")
    @classmethod
    def _pools_can_exist(
        cls, pools: dict[str, GkeNodePool], info: ValidationInfo
    ) -> dict[str, GkeNodePool]:
        region, vpc = info.data.get("region"), info.data.get("vpc")
        for name, pool in pools.items():
            if region:
                check_region(pool.zones, region, f"{name}.zones")
            if region and vpc:
                check_gpu_zones(name, pool, region, _zones(vpc))
        if isinstance(vpc, GkeCreateVpc):
            _check_addresses(pools, vpc)
        return pools

    @model_validator(mode="after")
    def _no_pod_overlap(self) -> GkeOptions:
        if isinstance(self.vpc, GkeCreateVpc):
            for name, cidr in (("vpc.cidr", self.vpc.cidr), ("service_cidr", self.service_cidr)):
                if ipaddress.ip_network(cidr).overlaps(ipaddress.ip_network(self.vpc.pods)):
                    raise mistake(
                        f"`vpc.pods` ({self.vpc.pods}) outside `{name}` ({cidr})",
                        free_range_fix("vpc.pods", _POD_RANGES, self.vpc.cidr, self.service_cidr),
                    )
        elif "service_cidr" in self.model_fields_set:
            raise mistake(
                "`vpc.services`, the range of the network that is there, and no `service_cidr`",
                "take `service_cidr` out",
            )
        return self


def _zones(vpc: VpcOptions) -> tuple[str, ...]:
    return vpc.zones if isinstance(vpc, GkeCreateVpc) else ()


def _check_addresses(pools: dict[str, GkeNodePool], vpc: GkeCreateVpc) -> None:
    """Raises a `mistake` if `vpc` has too few addresses for all nodes of `pools`."""
    # During an upgrade each pool has one more node.
    nodes = sum(pool.max + 1 for pool in pools.values())
    room = {
        "vpc.cidr": 2 ** (32 - ipaddress.ip_network(vpc.cidr).prefixlen) - 4,
        "vpc.pods": 2 ** (NODE_PREFIX - ipaddress.ip_network(vpc.pods).prefixlen),
    }
    for key, most in room.items():
        if nodes > most:
            raise mistake(
                f"at most {most} nodes, for which `{key}` has addresses, not {nodes} (with one "
                "more of each pool while it is upgraded)",
                f"give {key} a larger range, or the pools a lower max",
            )
