"""`CloudOptions`: what a stack says of any cluster that it makes in a cloud."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from components.config.accelerators import Accelerator, NodePoolOptions, Taint
from components.config.one_of import OneOf
from components.config.options import Options, listed, mistake
from components.config.stack_config import ClusterOptions
from components.config.values import Bytes, Cidr, HostName, Label

#: The label that every node of a pool has; its value is the pool's key.
POOL_LABEL = "slipway/node-pool"
#: A range shorter than this is a large part of the Internet, whatever it is called.
_SHORTEST_PREFIX = 8
_OWN_LABELS = re.compile(r"([a-z0-9.-]+\.)?(kubernetes|k8s)\.io/.*|slipway/.*")


def _narrow(ranges: tuple[str, ...]) -> tuple[str, ...]:
    expected = "the address ranges of those who call the API, such as `[203.0.113.0/24]`"
    if not ranges:
        raise mistake(expected, "name at least one")
    for each in ranges:
        if ipaddress.ip_network(each).prefixlen < _SHORTEST_PREFIX:
            raise mistake(f"{expected}, not `{each}`", "name your own ranges, or `kind: private`")
    return ranges


Ranges = Annotated[tuple[Cidr, ...], AfterValidator(_narrow), Field(strict=False)]


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
    cidr: Annotated[Cidr, AfterValidator(lambda cidr: _private(cidr, 20))] = "10.0.0.0/16"
    """Addresses of the nodes, from /8 to /20"""
    zones: tuple[str, ...] = Field(default=(), strict=False)
    """Zones that it has subnets in"""


def _private(cidr: str, longest: int) -> str:
    network = ipaddress.ip_network(cidr)
    if network.version != 4 or not any(
        network.subnet_of(ipaddress.IPv4Network(each))
        for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
    ):
        raise mistake("a private IPv4 range such as `10.0.0.0/16`", "choose one inside 10.0.0.0/8")
    if network.prefixlen > longest:
        raise mistake(f"a range of /{longest} or larger", f"write `{network[0]}/16`")
    return cidr


class SpotOptions(Options):
    """Nodes that the cloud sells cheaper and takes back at short notice."""

    on_demand: int = Field(default=0, ge=0, le=1000)
    """How many nodes of the pool are not spot nodes: the floor that stays when the cloud takes
    the others back. Where a cloud's pools cannot mix both, it is there at all times, even above
    `min`"""


class DnsOptions(Options):
    """A zone of the cloud's DNS, in which the gateway's host gets a record."""

    zone: HostName
    """The zone's name, such as `example.com`; `slipway:gateway.host` is a name in it"""


def _labels(labels: dict[str, str]) -> dict[str, str]:
    for key in labels:
        if _OWN_LABELS.fullmatch(key):
            raise mistake(
                f"labels of your own: `{key}` is set by Kubernetes, the cloud or this stack",
                f"write it without that prefix: `{key.rpartition('/')[2]}`",
            )
    return labels


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
    labels: Annotated[dict[str, str], AfterValidator(_labels)] = Field(default_factory=dict)
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

    @model_validator(mode="after")
    def _possible(self) -> CloudNodePool:
        if self.min > self.max:
            raise mistake(
                f"`max` ({self.max}) of at least `min` ({self.min})", f"write `max: {self.min}`"
            )
        if self.gpu_driver and not self.accelerator:
            raise mistake("`gpu_driver` beside `accelerator`", "take `gpu_driver` out")
        if self.spot and self.spot.on_demand > self.max:
            raise mistake(
                f"`spot.on_demand` ({self.spot.on_demand}) of at most `max` ({self.max})",
                "lower it; leave `spot` out where no node is to be one",
            )
        return self


class CloudOptions(ClusterOptions):
    """A cluster that the stack makes."""

    region: str
    """The cloud's name of the region"""
    version: str | None = None
    """Kubernetes' minor version, in quotes: `"1.35"`; left out, the one that Slipway pins"""
    vpc: Annotated[VpcOptions, OneOf({"create": CreateVpc})]
    """The network: made for the cluster, or one that is there"""
    service_cidr: Annotated[Cidr, AfterValidator(lambda cidr: _private(cidr, 24))] = "172.20.0.0/16"
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
            raise mistake(
                "a pool without taints that has at least one node: DNS, the autoscaler and the "
                "gateway run there",
                "add one, such as `default: {machine_type: …, min: 1, max: 2}`",
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
                "change one of them; no address can be both a node's and a Service's",
            )
        for name, pool in self.node_pools.items():
            elsewhere = [zone for zone in pool.zones if vpc.zones and zone not in vpc.zones]
            if elsewhere:
                raise mistake(
                    f"zones of `vpc.zones` in `node_pools.{name}.zones`: {listed(vpc.zones)}",
                    f"add `{elsewhere[0]}` to `vpc.zones`, or take it out of the pool",
                )
        return self


def _open(pool: CloudNodePool) -> bool:
    return all(taint.endswith(":PreferNoSchedule") for taint in pool.all_taints)
