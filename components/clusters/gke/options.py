"""`GkeOptions`: what a stack says of a cluster in Google Kubernetes Engine."""

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
    CreateVpc,
    DnsOptions,
    PrivateAccess,
    VpcOptions,
)
from components.clusters.gke.node_pool_options import GkeNodePool, short_enough
from components.clusters.gke.provider_keys import GCP, GCP_BESIDE
from components.clusters.gke.versions import DEFAULT, MINORS
from components.clusters.gke.zones import has_gpu, of_region, zones_of
from components.clusters.ranges import apart, ip_range
from components.clusters.version_support import known
from components.config.addon_options import Capability
from components.config.discriminated import OneOf
from components.config.options import Options, example, likely, mistake
from components.config.provider_keys import KUBERNETES, ProviderKeys
from components.config.values import Label

#: A node's range of pod addresses: https://cloud.google.com/kubernetes-engine/docs/how-to/flexible-pod-cidr
NODE_PREFIX = 24
_POD_RANGES = ("10.4.0.0/14", "10.64.0.0/14", "10.128.0.0/14", "172.24.0.0/14", "100.64.0.0/14")
_REGION = re.compile(r"[a-z]+-[a-z]+[0-9]+")
_PROJECT = re.compile(r"([a-z][a-z0-9.-]*:)?[a-z][a-z0-9-]{4,28}[a-z0-9]")
_KEY = re.compile(r"projects/[^/]+/locations/([^/]+)/keyRings/[^/]+/cryptoKeys/[^/]+")


def _project(name: str) -> str:
    if not _PROJECT.fullmatch(name):
        raise mistake(
            "the project's ID: 6 to 30 lower-case letters, digits and `-`",
            "run `gcloud projects list`: it is neither the name nor the number",
        )
    return name


def _region(name: str) -> str:
    if not _REGION.fullmatch(name):
        zone = re.fullmatch(rf"({_REGION.pattern})-[a-z]", name)
        raise mistake(
            "a region such as `us-central1`: the control plane is in several of its zones",
            f"did you mean `{zone[1]}`?" if zone else "run `gcloud compute regions list`",
        )
    return name


def _time(text: str) -> str:
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text):
        expected = "hour and minute, such as `02:00`"
        raise likely(_time, expected, "write both with two digits, in quotes", f"0{text}")
    return text


def _group(name: str) -> str:
    if not re.fullmatch(r"gke-security-groups@[a-z0-9.-]+", name):
        raise mistake(
            "`gke-security-groups@<your domain>`: GKE knows no other",
            "make a group of that name, and the groups that RBAC may name its members",
        )
    return name


class DnsAccess(AccessOptions):
    """No endpoint with an IP address: a name of Google's that is reached from anywhere, behind
    Google's front end, which lets in whom IAM gives `container.clusters.connect`."""

    kind: Literal["dns"]


class GkeCreateVpc(CreateVpc):
    """A network made for the cluster: one subnet, whose nodes have no public addresses and reach
    the Internet by Cloud NAT."""

    kind: Literal["create"]
    zones: tuple[str, ...] = Field(default=(), strict=False)
    """Zones of the nodes; three of the region, chosen by GKE, where it is left out"""
    pods: Annotated[str, *ip_range("10.4.0.0/14", 21, 9, ("0.0.0.0/0",))] = "10.4.0.0/14"
    """Addresses of the pods: a /24 for each node"""

    @property
    def ranges(self) -> tuple[str, ...]:
        return (self.cidr, self.pods)


class ExistingVpc(VpcOptions):
    """A network that is there. Its nodes need Cloud NAT, or a registry inside, to pull images."""

    kind: Literal["existing"]
    network: str
    """Name of the network; `projects/<host project>/global/networks/<name>` of a Shared VPC"""
    subnetwork: str
    """Name of the subnet of the nodes, in the region; of a Shared VPC
    `projects/<host project>/regions/<region>/subnetworks/<name>`"""
    pods: str
    """Name of the subnet's secondary range for pods"""
    services: str
    """Name of the subnet's secondary range for Services"""


class Maintenance(Options):
    """When GKE may upgrade patches of the control plane and of nodes."""

    days: tuple[Literal["MO", "TU", "WE", "TH", "FR", "SA", "SU"], ...] = Field(
        default=("SA", "SU"), strict=False
    )
    start: Annotated[str, AfterValidator(_time)] = "02:00"
    """Hour and minute, UTC"""
    hours: int = Field(default=6, ge=4, le=23)
    """Length of each window"""

    @model_validator(mode="after")
    def _enough(self) -> Maintenance:
        # https://cloud.google.com/kubernetes-engine/docs/concepts/maintenance-windows-and-exclusions
        days = len(set(self.days))
        if 4 * days * self.hours < 48:
            raise mistake(
                "48 hours of maintenance in any 32 days, as GKE demands",
                f"write `hours: {-(-12 // days)}`" if days else "take `days` out",
            )
        return self


class GkeDns(DnsOptions):
    """A zone of Cloud DNS, in the cluster's project."""

    managed_zone: Label
    """What Cloud DNS calls the zone: `gcloud dns managed-zones list`"""


class GkeOptions(CloudOptions):
    """A regional GKE cluster with node pools of one's own (not Autopilot)."""

    model_config = example(
        kind="gke",
        project="my-project",
        region="us-central1",
        vpc={"kind": "create"},
        access={"kind": "dns"},
        node_pools={"default": {"machine_type": "e2-standard-4", "min": 1, "max": 3}},
    )
    identities: ClassVar[frozenset[str]] = frozenset({"gs"})
    provides: ClassVar[frozenset[Capability]] = frozenset({Capability.METRICS_API})
    remote_keys: ClassVar[ProviderKeys | None] = GCP_BESIDE
    usual_machine: ClassVar[str] = "e2-standard-4"

    kind: Literal["gke"]
    project: Annotated[str, AfterValidator(_project)]
    """The project's ID. It is made there whatever project the environment or `gcloud` names"""
    region: Annotated[str, AfterValidator(_region)]
    vpc: Annotated[VpcOptions, OneOf({"create": GkeCreateVpc, "existing": ExistingVpc})]
    """The network: made for the cluster, or one that is there"""
    access: Annotated[
        AccessOptions, OneOf({"cidrs": CidrsAccess, "private": PrivateAccess, "dns": DnsAccess})
    ]
    """From where the Kubernetes API is reached"""
    encryption_key: str | None = None
    """The whole name of a key in the region, which encrypts Kubernetes' secrets, disks, Filestore
    and the registry, and which Google's agents may use (docs/clouds/gke.md). Left out, one is
    made, rotated every 90 days"""
    channel: Literal["rapid", "regular", "stable", "extended"] = "regular"
    """Where patches come from. The minor version stays the one of `version` until its support
    ends"""
    maintenance: Maintenance = Maintenance()
    """When GKE may upgrade patches"""
    node_pools: dict[Annotated[Label, AfterValidator(short_enough)], GkeNodePool]
    """The nodes, by a name for each pool"""
    dns: GkeDns | None = None
    """A record for `slipway:gateway.host`; none is made where it is left out"""
    security_group: Annotated[str, AfterValidator(_group)] | None = None
    """`gke-security-groups@<domain>`, whose member groups RBAC may name; left out, RBAC knows
    no groups"""
    filestore_tier: Literal["zonal", "enterprise"] = "zonal"
    """What volumes with `access_mode: ReadWriteMany` are made of: Filestore in one zone, or in
    several of the region. Each volume has at least 1Ti"""

    @classmethod
    def provider_keys(cls, raw: Mapping[str, Any]) -> Sequence[ProviderKeys]:
        return (GCP, KUBERNETES)

    @property
    def minor(self) -> str:
        """Kubernetes' minor version."""
        return self.version or DEFAULT

    def zones(self, pool: GkeNodePool) -> tuple[str, ...]:
        """The zones of `pool`; none where GKE chooses."""
        return zones_of(pool, self.region, _chosen(self.vpc))

    @field_validator("version")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        return value and known(value, MINORS)

    @field_validator("vpc")
    @classmethod
    def _in_region(cls, vpc: VpcOptions, info: ValidationInfo) -> VpcOptions:
        region = info.data.get("region")
        if region:
            of_region(_chosen(vpc), region, "zones")
        return vpc

    @field_validator("encryption_key")
    @classmethod
    def _beside_the_cluster(cls, key: str | None, info: ValidationInfo) -> str | None:
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
    def _where_they_can_be(
        cls, pools: dict[str, GkeNodePool], info: ValidationInfo
    ) -> dict[str, GkeNodePool]:
        region, vpc = info.data.get("region"), info.data.get("vpc")
        for name, pool in pools.items():
            if region:
                of_region(pool.zones, region, f"{name}.zones")
            if region and vpc:
                has_gpu(name, pool, region, _chosen(vpc))
        if isinstance(vpc, GkeCreateVpc):
            _has_room(pools, vpc)
        return pools

    @model_validator(mode="after")
    def _ranges_apart(self) -> GkeOptions:
        if isinstance(self.vpc, GkeCreateVpc):
            for name, cidr in (("vpc.cidr", self.vpc.cidr), ("service_cidr", self.service_cidr)):
                if ipaddress.ip_network(cidr).overlaps(ipaddress.ip_network(self.vpc.pods)):
                    raise mistake(
                        f"`vpc.pods` ({self.vpc.pods}) outside `{name}` ({cidr})",
                        apart("vpc.pods", _POD_RANGES, self.vpc.cidr, self.service_cidr),
                    )
        elif "service_cidr" in self.model_fields_set:
            raise mistake(
                "`vpc.services`, the range of the network that is there, and no `service_cidr`",
                "take `service_cidr` out",
            )
        return self


def _chosen(vpc: VpcOptions) -> tuple[str, ...]:
    return vpc.zones if isinstance(vpc, GkeCreateVpc) else ()


def _has_room(pools: dict[str, GkeNodePool], vpc: GkeCreateVpc) -> None:
    # One more of each pool while it is upgraded.
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
