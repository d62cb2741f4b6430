"""`NodePools`: the managed node groups of a cluster on EKS. `node_role`: the role of their nodes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws import ec2, eks

from components.clusters.eks import policies
from components.clusters.eks.control_plane import ControlPlane
from components.clusters.eks.node_pool_options import EksNodePool
from components.clusters.eks.options import EksOptions
from components.clusters.eks.regions import ADDON_ACCOUNTS, partition
from components.clusters.eks.roles import Role
from components.config.quantities import byte_count
from components.kubernetes.taints import Taint

#: How EKS spells the effects of taints.
_EFFECTS = {
    "NoSchedule": "NO_SCHEDULE",
    "PreferNoSchedule": "PREFER_NO_SCHEDULE",
    "NoExecute": "NO_EXECUTE",
}
#: The share of a group's nodes that an update drains and replaces at once.
_UPDATE_PERCENT = 33
_PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]


@dataclass(frozen=True, kw_only=True)
class _Part:
    """One of the one or two node groups that a pool becomes."""

    name: str
    capacity_type: str
    min: int
    max: int


def _parts(name: str, pool: EksNodePool, karpenter: bool) -> Iterator[_Part]:
    """A node group is all spot or all on-demand, so a spot pool with on-demand nodes is two groups.
    The on-demand one has a fixed size. Groups without nodes are left out."""
    on_demand = pool.spot.on_demand if pool.spot else 0
    least = max(0, pool.min - on_demand)
    most = least if karpenter else pool.max - on_demand  # Karpenter makes the other nodes
    if most and pool.spot:
        yield _Part(name=f"{name}-spot", capacity_type="SPOT", min=least, max=most)
    elif most:
        yield _Part(name=name, capacity_type="ON_DEMAND", min=least, max=most)
    if on_demand:
        yield _Part(name=f"{name}-floor", capacity_type="ON_DEMAND", min=on_demand, max=on_demand)


class NodePools(pulumi.ComponentResource):
    """The node groups of all pools. Nodes have private addresses and encrypted disks, and pods on
    them cannot reach the node's credentials."""

    ready: Sequence[eks.NodeGroup]
    """The node groups: what workloads depend on."""

    def __init__(
        self,
        name: str,
        options: EksOptions,
        *,
        control_plane: ControlPlane,
        subnets: Mapping[str, pulumi.Output[str]],
        role: Role,
        key_arn: pulumi.Output[str],
        depends_on: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("slipway:clusters:EksNodePools", name, None, opts)
        self._name, self._options, self._role = name, options, role
        self._control_plane, self._subnets = control_plane, subnets
        self._depends_on = depends_on
        self.ready = [
            group
            for key, pool in options.node_pools.items()
            for group in self._make_pool(key, pool, key_arn)
        ]
        self.register_outputs({})

    def _make_pool(
        self, key: str, pool: EksNodePool, key_arn: pulumi.Output[str]
    ) -> list[eks.NodeGroup]:
        parts = list(_parts(key, pool, self._options.autoscaler == "karpenter"))
        if not parts:
            return []
        template = self._make_template(key, pool, key_arn)
        return [self._make_group(key, pool, part, template) for part in parts]

    def _make_template(
        self, key: str, pool: EksNodePool, key_arn: pulumi.Output[str]
    ) -> ec2.LaunchTemplate:
        return ec2.LaunchTemplate(
            f"{self._name}-{key}-template",
            update_default_version=True,
            block_device_mappings=[
                {
                    "device_name": device,
                    "ebs": {
                        "volume_size": size,
                        "volume_type": "gp3",
                        "encrypted": "true",
                        "kms_key_id": key_arn,
                        "delete_on_termination": "true",
                    },
                }
                for device, size in disks(pool).items()
            ],
            metadata_options={
                "http_endpoint": "enabled",
                "http_tokens": "required",
                # One hop reaches only the node itself, so pods cannot get its credentials.
                "http_put_response_hop_limit": 1,
            },
            tag_specifications=[
                {
                    "resource_type": kind,
                    "tags": {"Name": pulumi.Output.concat(self._control_plane.name, "-", key)},
                }
                for kind in ("instance", "volume")
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _make_group(
        self, key: str, pool: EksNodePool, part: _Part, template: ec2.LaunchTemplate
    ) -> eks.NodeGroup:
        zones = pool.zones or tuple(self._subnets)
        return eks.NodeGroup(
            f"{self._name}-{part.name}",
            cluster_name=self._control_plane.name,
            version=self._options.minor,
            node_role_arn=self._role.arn,
            subnet_ids=[self._subnets[zone] for zone in zones],
            ami_type=pool.ami_type,
            capacity_type=part.capacity_type,
            instance_types=[pool.machine_type],
            launch_template={
                "id": template.id,
                "version": template.latest_version.apply(str),
            },
            scaling_config={
                "desired_size": part.min,
                "min_size": part.min,
                "max_size": part.max,
            },
            labels=_labels(key, pool),
            taints=[_taint(Taint.parse(each)) for each in pool.all_taints],
            update_config={"max_unavailable_percentage": _UPDATE_PERCENT},
            node_repair_config={"enabled": True},
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[*self._role.resources, *self._depends_on],
                # The autoscaler changes it, in a group whose size is not fixed.
                ignore_changes=["scalingConfig.desiredSize"] if part.min < part.max else None,
            ),
        )


def node_role(
    name: str,
    region: str,
    repositories: Sequence[pulumi.Output[str]],
    opts: pulumi.ResourceOptions,
) -> Role:
    """The role of nodes. It may only join the cluster, and pull from `repositories` (ARNs) and from
    the registry of EKS' own add-ons."""
    addons = f"arn:{partition(region)}:ecr:{region}:{ADDON_ACCOUNTS[region]}:repository/*"
    pull = policies.document(
        policies.allow(["ecr:GetAuthorizationToken"]),
        policies.allow(_PULL, [*repositories, addons]),
    )
    return Role(
        name,
        policies.service_trust("ec2.amazonaws.com"),
        region,
        opts,
        managed=["AmazonEKSWorkerNodePolicy"],
        inline={"pull": pull},
    )


def disks(pool: EksNodePool) -> dict[str, int]:
    """The sizes of a node's disks in GiB, by device. Bottlerocket stores images and pods on its
    second disk."""
    size = math.ceil(byte_count(pool.disk) / 2**30)
    return (
        {"/dev/xvda": 4, "/dev/xvdb": size}
        if pool.image_family == "BOTTLEROCKET"
        else {"/dev/xvda": size}
    )


def _labels(key: str, pool: EksNodePool) -> dict[str, str]:
    labels = pool.all_labels(key)
    if pool.accelerator:
        # Tells the autoscaler that a new node will have GPUs, before the device plugin offers them.
        labels["k8s.amazonaws.com/accelerator"] = pool.accelerator.kind
    return labels


def _taint(taint: Taint) -> Any:
    return {"key": taint.key, "value": taint.value, "effect": _EFFECTS[taint.effect]}
