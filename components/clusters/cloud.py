"""`CloudOptions`: the options that clusters of all clouds have."""

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

from components.clusters.ranges import SERVICE_RANGES, free_range_fix, ip_range
from components.config.accelerators import Accelerator, NodePoolOptions, Taint
from components.config.cluster_options import ClusterOptions
from components.config.discriminated import OneOf
from components.config.options import Options, likely, listed, mistake
from components.config.quantities import Bytes
from components.config.values import Cidr, DomainName, Label, network

#: The label of all nodes of a pool. Its value is the pool's name.
POOL_LABEL = "slipway.dev/node-pool"
#: A range with a shorter prefix is refused, since it holds a large part of the Internet.
_SHORTEST_PREFIX = 8
_RESERVED_LABELS = re.compile(r"([a-z0-9.-]+\.)?((kubernetes|k8s)\.io|slipway\.dev)/.*")
_CALLERS = "the address ranges of those who call the API, such as `[203.0.113.0/24]`"


def _narrow(raw: Any) -> Any:
    """Refuses a wide range, even one that is not written in its canonical form."""
    cidr = network(raw)
    if cidr and ipaddress.ip_network(cidr).prefixlen < _SHORTEST_PREFIX:
        raise mistake(
            f"{_CALLERS}, not `{cidr}`", "name your own ranges, or choose a private endpoint"
        )
    return raw


def _at_least_one(ranges: tuple[str, ...]) -> tuple[str, ...]:
    if not ranges:
        raise mistake(_CALLERS, "name at least one")
    return ranges


Ranges = Annotated[
    tuple[Annotated[Cidr, BeforeValidator(_narrow)], ...],
    AfterValidator(_at_least_one),
    Field(strict=False),
]


class AccessOptions(Options):
    """From where the Kubernetes API can be called. `up` calls it, too."""

    kind: str


class CidrsAccess(AccessOptions):
    """A public endpoint, open to some address ranges. Nodes use a private endpoint."""

    kind: Literal["cidrs"]
    cidrs: Ranges
    """Public address ranges of the API's callers, including the machine that runs `up`"""


class PrivateAccess(AccessOptions):
    """No public endpoint. `up` has to run in the network, in a peered network, or behind a VPN."""

    kind: Literal["private"]
    from_: Ranges = Field(alias="from")
    """Address ranges of the API's callers, in the network or routed to it, including the machine
    that runs `up`"""


class VpcOptions(Options):
    """The network of the nodes."""

    kind: str


class CreateVpc(VpcOptions):
    """A network made for the cluster."""

    kind: Literal["create"]
    cidr: Annotated[str, *ip_range("10.0.0.0/16", 20)] = "10.0.0.0/16"
    """The address range of the nodes, from /8 to /20"""
    zones: tuple[str, ...] = Field(default=(), strict=False)
    """The zones that get subnets"""

    @property
    def ranges(self) -> tuple[str, ...]:
        """All address ranges of the network."""
        return (self.cidr,)


class SpotOptions(Options):
    """Spot nodes: cheaper ones, which the cloud reclaims at short notice."""

    on_demand: int = Field(default=0, ge=0, le=1000)
    """How many nodes of the pool are on-demand nodes, which stay when the cloud reclaims the spot
    nodes. On a cloud whose pools cannot mix both, they always run, even if there are more than
    `min`"""


class DnsOptions(Options):
    """A zone of the cloud's DNS service, which gets a record for the gateway's host."""

    zone: DomainName
    """The zone's name, such as `example.com`. `slipway:gateway.host` has to be in it"""


def _label_key(key: str) -> str:
    if _RESERVED_LABELS.fullmatch(key):
        raise likely(
            _label_key,
            "labels of your own: this one is set by Kubernetes, the cloud or this stack",
            f"take `{key}` out",
            *filter(None, [key.rpartition("/")[2]]),
        )
    return key


class CloudNodePool(Options):
    """A node pool."""

    machine_type: str
    """The cloud's name of the machine type"""
    min: int = Field(default=1, ge=0, le=1000)
    """The fewest nodes. With 0 the pool is empty while no pod needs it"""
    max: int = Field(ge=1, le=1000)
    """The most nodes, up to which the autoscaler adds them"""
    accelerator: Accelerator | None = None
    """The accelerators of each node. The pool is tainted `nvidia.com/gpu=present:NoSchedule`"""
    spot: SpotOptions | None = None
    """Makes all nodes but `on_demand` of them spot nodes. Default: none are"""
    labels: dict[Annotated[str, AfterValidator(_label_key)], str] = Field(default_factory=dict)
    """Labels of the nodes, in addition to `slipway.dev/node-pool: <pool>`"""
    taints: tuple[Taint, ...] = Field(default=(), strict=False)
    """Taints of the nodes, as `key=value:effect`, in addition to the accelerator's"""
    disk: Bytes = "100Gi"
    """The size of each node's disk, which is encrypted. It holds images, logs and the model files
    that pods copy"""
    zones: tuple[str, ...] = Field(default=(), strict=False)
    """Zones of the nodes. Default: all zones of the network"""
    image_family: str | None = None
    """The cloud's name of the nodes' image. Default: the one that fits the machine type"""
    gpu_driver: str | None = None
    """What offers the GPUs to Kubernetes. Default: the cloud's own way. With `dra` no device plugin
    runs: you install NVIDIA's driver for Dynamic Resource Allocation, and models with
    `accelerator` do not run on these nodes"""

    @property
    def all_taints(self) -> tuple[str, ...]:
        """All taints of the nodes."""
        if self.accelerator is None:
            return self.taints
        own = f"{self.accelerator.resource}=present:NoSchedule"
        return tuple(dict.fromkeys((own, *self.taints)))

    def all_labels(self, name: str) -> dict[str, str]:
        """All labels of the nodes; `name` is the pool's name."""
        return {POOL_LABEL: name, **self.labels}

    def check_gpu_driver(self) -> None:
        """Raises a `mistake` for a `gpu_driver` without an accelerator. To be called after
        `accelerator` was compared with the machine type."""
        if self.gpu_driver and not self.accelerator:
            raise mistake("`gpu_driver` beside `accelerator`", "take `gpu_driver` out")

    @model_validator(mode="after")
    def _consistent(self) -> CloudNodePool:
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
    """The machine type that fixes propose for nodes without accelerators."""

    region: str
    """The cloud's name of the region"""
    version: str | None = None
    """Kubernetes' minor version, in quotes: `"1.35"`. Default: the one that Slipway pins"""
    vpc: Annotated[VpcOptions, OneOf({"create": CreateVpc})]
    """The network: made for the cluster, or an existing one"""
    service_cidr: Annotated[str, *ip_range("172.20.0.0/16", 24)] = "172.20.0.0/16"
    """The address range of Services. It must not overlap a network that the pods connect to"""
    access: Annotated[AccessOptions, OneOf({"cidrs": CidrsAccess, "private": PrivateAccess})]
    """From where the Kubernetes API can be called"""
    encryption_key: str | None = None
    """The cloud's name of the key that encrypts Kubernetes' secrets and the disks. Default: the
    stack makes one, rotated once a year"""
    deletion_protection: bool = True
    """Whether `destroy` is refused before it deletes anything. The cloud protects the cluster, too.
    To delete the cluster, set it to false, run `up`, then `destroy`"""
    node_pools: Mapping[Label, CloudNodePool]
    """The node pools, by name"""
    dns: DnsOptions | None = None
    """The zone that gets a record for `slipway:gateway.host`. Default: none"""

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
    def _untainted_node(cls, pools: dict[str, Any]) -> dict[str, Any]:
        """`pools` is `Any`, since each cloud has a subclass of `CloudNodePool`."""
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
    def _no_overlap(self) -> CloudOptions:
        vpc = self.vpc
        if not isinstance(vpc, CreateVpc):
            return self
        if ipaddress.ip_network(vpc.cidr).overlaps(ipaddress.ip_network(self.service_cidr)):
            raise mistake(
                f"`service_cidr` ({self.service_cidr}) outside `vpc.cidr` ({vpc.cidr})",
                free_range_fix("service_cidr", SERVICE_RANGES, *vpc.ranges)
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
