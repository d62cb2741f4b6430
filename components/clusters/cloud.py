"""`CloudOptions`: what a stack says of any cluster that it makes in a cloud."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    field_validator,
    model_validator,
)

from components.clusters.ranges import SERVICE_RANGES, apart, ip_range
from components.config.accelerators import Accelerator, NodePoolOptions, Taint
from components.config.cluster_options import ClusterOptions
from components.config.discriminated import OneOf
from components.config.options import Options, likely, listed, mistake
from components.config.quantities import Bytes
from components.config.values import Cidr, DomainName, Label, network

#: The label that every node of a pool has; its value is the pool's key.
POOL_LABEL = "slipway/node-pool"
#: A range shorter than this is a large part of the Internet, whatever it is called.
_SHORTEST_PREFIX = 8
_OWN_LABELS = re.compile(r"([a-z0-9.-]+\.)?(kubernetes|k8s)\.io/.*|slipway/.*")
_CALLERS = "the address ranges of those who call the API, such as `[203.0.113.0/24]`"


def _narrow(raw: Any) -> Any:
    """Refuses a wide range, also where its own spelling is wrong."""
    found = network(raw)
    if found and ipaddress.ip_network(found).prefixlen < _SHORTEST_PREFIX:
        raise mistake(
            f"{_CALLERS}, not `{found}`", "name your own ranges, or choose a private endpoint"
        )
    return raw


def _some(ranges: tuple[str, ...]) -> tuple[str, ...]:
    if not ranges:
        raise mistake(_CALLERS, "name at least one")
    return ranges


Ranges = Annotated[
    tuple[Annotated[Cidr, BeforeValidator(_narrow)], ...],
    AfterValidator(_some),
    Field(strict=False),
]


class AccessOptions(Options):
    """From where the Kubernetes API is reached: by `up` first of all."""

    kind: str


class CidrsAccess(AccessOptions):
    """A public endpoint that some address ranges may connect to. Nodes use a private one."""

    kind: Literal["cidrs"]
    cidrs: Ranges
    """Public addresses of those who call the API, of the machine that runs `up` among them"""


class PrivateAccess(AccessOptions):
    """No public endpoint. `up` has to run where the network is reached: on a runner in it, in a
    network peered with it, or behind a VPN."""

    kind: Literal["private"]
    from_: Ranges = Field(alias="from")
    """Address ranges, in the network or routed to it, from which the API is called: that of the
    runner of `up` among them"""


class VpcOptions(Options):
    """The network of the nodes."""

    kind: str


class CreateVpc(VpcOptions):
    """A network made for the cluster."""

    kind: Literal["create"]
    cidr: Annotated[str, *ip_range("10.0.0.0/16", 20)] = "10.0.0.0/16"
    """Addresses of the nodes, from /8 to /20"""
    zones: tuple[str, ...] = Field(default=(), strict=False)
    """Zones that it has subnets in"""

    @property
    def ranges(self) -> tuple[str, ...]:
        """All address ranges that it takes."""
        return (self.cidr,)


class SpotOptions(Options):
    """Nodes that the cloud sells cheaper and takes back at short notice."""

    on_demand: int = Field(default=0, ge=0, le=1000)
    """How many nodes of the pool are not spot nodes: the floor that stays when the cloud takes
    the others back. Where a cloud's pools cannot mix both, it is there at all times, even above
    `min`"""


class DnsOptions(Options):
    """A zone of the cloud's DNS, in which the gateway's host gets a record."""

    zone: DomainName
    """The zone's name, such as `example.com`; `slipway:gateway.host` is a name in it"""


def _label_key(key: str) -> str:
    if _OWN_LABELS.fullmatch(key):
        raise likely(
            _label_key,
            "labels of your own: this one is set by Kubernetes, the cloud or this stack",
            f"take `{key}` out",
            *filter(None, [key.rpartition("/")[2]]),
        )
    return key


class CloudNodePool(Options):
    """Nodes of one make."""

    machine_type: str
    """What the cloud calls the machine"""
    min: int = Field(default=1, ge=0, le=1000)
    """The fewest nodes; 0 is a pool that is empty while no pod needs it"""
    max: int = Field(ge=1, le=1000)
    """The most nodes that the autoscaler makes"""
    accelerator: Accelerator | None = None
    """What each node has; such a pool is tainted `nvidia.com/gpu=present:NoSchedule`"""
    spot: SpotOptions | None = None
    """Spot nodes, all but `on_demand` of them. Left out, none are"""
    labels: dict[Annotated[str, AfterValidator(_label_key)], str] = Field(default_factory=dict)
    """Labels of its nodes, beside `slipway/node-pool: <its name>`"""
    taints: tuple[Taint, ...] = Field(default=(), strict=False)
    """Taints of its nodes, as `key=value:effect`, beside that of the accelerator"""
    disk: Bytes = "100Gi"
    """The disk of each node, encrypted: images, logs, and model files that pods copy"""
    zones: tuple[str, ...] = Field(default=(), strict=False)
    """Zones of its nodes; all of the network's where it is left out"""
    image_family: str | None = None
    """The nodes' image as the cloud names it, where it is not the one that the machine needs"""
    gpu_driver: str | None = None
    """How its GPUs come to be offered, where it is not the cloud's own way. With `dra` no device
    plugin runs: they are left to NVIDIA's driver for Dynamic Resource Allocation, which is not
    Slipway's, and models that ask for `accelerator` do not run there"""

    @property
    def all_taints(self) -> tuple[str, ...]:
        """The taints that its nodes have."""
        if self.accelerator is None:
            return self.taints
        own = f"{self.accelerator.resource}=present:NoSchedule"
        return tuple(dict.fromkeys((own, *self.taints)))

    def all_labels(self, name: str) -> dict[str, str]:
        """The labels that its nodes have; `name` is the pool's key."""
        return {POOL_LABEL: name, **self.labels}

    def drives_something(self) -> None:
        """Raises a `mistake` where there is no accelerator that `gpu_driver` could be of. Asked
        when it is known that the machine has none."""
        if self.gpu_driver and not self.accelerator:
            raise mistake("`gpu_driver` beside `accelerator`", "take `gpu_driver` out")

    @model_validator(mode="after")
    def _possible(self) -> CloudNodePool:
        if self.min > self.max:
            raise mistake(
                f"`max` ({self.max}) of at least `min` ({self.min})", f"write `max: {self.min}`"
            )
        if self.spot and self.spot.on_demand > self.max:
            raise mistake(
                f"`spot.on_demand` ({self.spot.on_demand}) of at most `max` ({self.max})",
                f"write `{self.max}` in `spot.on_demand`, or take `spot` out",
            )
        return self


class CloudOptions(ClusterOptions):
    """A cluster that the stack makes."""

    usual_machine: ClassVar[str]
    """A machine type for nodes without accelerators."""

    region: str
    """The cloud's name of the region"""
    version: str | None = None
    """Kubernetes' minor version, in quotes: `"1.35"`; left out, the one that Slipway pins"""
    vpc: Annotated[VpcOptions, OneOf({"create": CreateVpc})]
    """The network: made for the cluster, or one that is there"""
    service_cidr: Annotated[str, *ip_range("172.20.0.0/16", 24)] = "172.20.0.0/16"
    """Addresses of Services, which no network that the pods talk to may have"""
    access: Annotated[AccessOptions, OneOf({"cidrs": CidrsAccess, "private": PrivateAccess})]
    """From where the Kubernetes API is reached"""
    encryption_key: str | None = None
    """The cloud's name of the key that encrypts Kubernetes' secrets and the disks. Left out, one
    is made, rotated once a year"""
    deletion_protection: bool = True
    """Whether `destroy` refuses, before it deletes anything, and the cloud beside it. To delete
    the cluster write false, run `up`, then `destroy`"""
    node_pools: Mapping[Label, CloudNodePool]
    """The nodes, by a name for each pool"""
    dns: DnsOptions | None = None
    """A record for `slipway:gateway.host`; none is made where it is left out"""

    @property
    def dns_zone(self) -> str | None:
        return None if self.dns is None else self.dns.zone

    def pools(self) -> Mapping[str, NodePoolOptions]:
        return {
            name: NodePoolOptions(
                accelerator=None if pool.gpu_driver == "dra" else pool.accelerator,
                labels=pool.all_labels(name),
                taints=pool.all_taints,
            )
            for name, pool in self.node_pools.items()
        }

    @field_validator("node_pools")
    @classmethod
    def _room_for_everything_else(cls, pools: dict[str, Any]) -> dict[str, Any]:
        """Of any cloud's node pools; these may have a class of their own."""
        if not any(_open(pool) and pool.min for pool in pools.values()):
            empty = next((name for name, pool in pools.items() if _open(pool)), None)
            name = "system" if "default" in pools else "default"
            raise mistake(
                "a pool without taints that has at least one node: DNS, the autoscaler and the "
                "gateway run there",
                f"write `1` in `{empty}.min`"
                if empty
                else f"add `{name}: {{machine_type: {cls.usual_machine}, min: 1, max: 2}}`",
            )
        return pools

    @model_validator(mode="after")
    def _fits_together(self) -> CloudOptions:
        vpc = self.vpc
        if not isinstance(vpc, CreateVpc):
            return self
        if ipaddress.ip_network(vpc.cidr).overlaps(ipaddress.ip_network(self.service_cidr)):
            raise mistake(
                f"`service_cidr` ({self.service_cidr}) outside `vpc.cidr` ({vpc.cidr})",
                apart("service_cidr", SERVICE_RANGES, *vpc.ranges)
                + ": no address can be both a node's and a Service's",
            )
        return self

    @model_validator(mode="after")
    def _pools_in_zones(self) -> CloudOptions:
        vpc = self.vpc
        if not isinstance(vpc, CreateVpc):
            return self
        for name, pool in self.node_pools.items():
            elsewhere = [zone for zone in pool.zones if vpc.zones and zone not in vpc.zones]
            if elsewhere:
                raise mistake(
                    f"zones of `vpc.zones` in `node_pools.{name}.zones`: {listed(vpc.zones)}",
                    f"take `{elsewhere[0]}` out of `node_pools.{name}.zones`, or give the network "
                    "that zone",
                )
        return self


def _open(pool: CloudNodePool) -> bool:
    return all(taint.endswith(":PreferNoSchedule") for taint in pool.all_taints)
