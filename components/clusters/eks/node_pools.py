"""`NodePools`: managed node groups, and the role of their nodes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi_aws import ec2, eks

from components.clusters.eks import policies
from components.clusters.eks.control_plane import ControlPlane
from components.clusters.eks.options import EksNodePool, EksOptions
from components.clusters.eks.regions import ADDON_ACCOUNTS, partition
from components.clusters.eks.roles import Role
from components.config.quantities import byte_count

#: How EKS spells the effects of taints.
_EFFECTS = {
    "NoSchedule": "NO_SCHEDULE",
    "PreferNoSchedule": "PREFER_NO_SCHEDULE",
    "NoExecute": "NO_EXECUTE",
}
#: How many of a group's nodes an update replaces at once; each is drained first.
_SURGE_PERCENT = 33
_PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]


class NodePools(pulumi.ComponentResource):
    """The nodes of each pool. They have private addresses and encrypted disks, and pods on them
    cannot reach the node's own credentials."""

    groups: Sequence[eks.NodeGroup]

    def __init__(
        self,
        name: str,
        options: EksOptions,
        *,
        control_plane: ControlPlane,
        subnets: Mapping[str, pulumi.Output[str]],
        role: Role,
        key_arn: pulumi.Output[str],
        before: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("slipway:clusters:EksNodePools", name, None, opts)
        self._name, self._options, self._role = name, options, role
        self._control_plane, self._subnets, self._before = control_plane, subnets, before
        self.groups = [
            group
            for pool, said in options.node_pools.items()
            for group in self._make_pool(pool, said, key_arn)
        ]
        self.register_outputs({})

    def _make_pool(
        self, pool: str, said: EksNodePool, key_arn: pulumi.Output[str]
    ) -> list[eks.NodeGroup]:
        floor = said.spot.on_demand if said.spot else 0
        least, most = max(0, said.min - floor), said.max - floor
        if self._options.autoscaler == "karpenter":
            most = least  # the others are Karpenter's
        groups = [
            (f"{pool}-spot", "SPOT", least, most)
            if said.spot
            else (pool, "ON_DEMAND", least, most),
            (f"{pool}-floor", "ON_DEMAND", floor, floor),
        ]
        groups = [group for group in groups if group[-1]]
        if not groups:
            return []
        template = self._make_template(pool, said, key_arn)
        return [
            self._make_group(role, pool, said, template, capacity, least, most)
            for role, capacity, least, most in groups
        ]

    def _make_template(
        self, pool: str, said: EksNodePool, key_arn: pulumi.Output[str]
    ) -> ec2.LaunchTemplate:
        return ec2.LaunchTemplate(
            f"{self._name}-{pool}-template",
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
                for device, size in disks(said).items()
            ],
            metadata_options={
                "http_endpoint": "enabled",
                "http_tokens": "required",
                # One hop ends on the node: no pod gets the node's credentials.
                "http_put_response_hop_limit": 1,
            },
            tag_specifications=[
                {
                    "resource_type": kind,
                    "tags": {"Name": pulumi.Output.concat(self._control_plane.name, "-", pool)},
                }
                for kind in ("instance", "volume")
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _make_group(
        self,
        role: str,
        pool: str,
        said: EksNodePool,
        template: ec2.LaunchTemplate,
        capacity: str,
        least: int,
        most: int,
    ) -> eks.NodeGroup:
        zones = said.zones or tuple(self._subnets)
        return eks.NodeGroup(
            f"{self._name}-{role}",
            cluster_name=self._control_plane.name,
            version=self._options.minor,
            node_role_arn=self._role.arn,
            subnet_ids=[self._subnets[zone] for zone in zones],
            ami_type=said.ami_type,
            capacity_type=capacity,
            instance_types=[said.machine_type],
            launch_template={
                "id": template.id,
                "version": template.latest_version.apply(str),
            },
            scaling_config={"desired_size": least, "min_size": least, "max_size": most},
            labels=_labels(pool, said),
            taints=[_taint(each) for each in said.all_taints],
            update_config={"max_unavailable_percentage": _SURGE_PERCENT},
            node_repair_config={"enabled": True},
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[*self._role.resources, *self._before],
                # The autoscaler's to say, where it may.
                ignore_changes=["scalingConfig.desiredSize"] if least < most else None,
            ),
        )


def node_role(
    name: str,
    region: str,
    repositories: Sequence[pulumi.Output[str]],
    opts: pulumi.ResourceOptions,
) -> Role:
    """What a node does in the account: join the cluster, and pull from `repositories` (ARNs) and
    from the registry of EKS' own add-ons, nothing else."""
    addons = f"arn:{partition(region)}:ecr:{region}:{ADDON_ACCOUNTS[region]}:repository/*"
    pull = policies.document(
        policies.allow(["ecr:GetAuthorizationToken"]),
        policies.allow(_PULL, [*repositories, addons]),
    )
    return Role(
        name,
        policies.service("ec2.amazonaws.com"),
        region,
        opts,
        managed=["AmazonEKSWorkerNodePolicy"],
        inline={"pull": pull},
    )


def disks(said: EksNodePool) -> dict[str, int]:
    """A node's disks, GiB by device. Bottlerocket keeps images and pods on its second disk."""
    size = math.ceil(byte_count(said.disk) / 2**30)
    return (
        {"/dev/xvda": 4, "/dev/xvdb": size}
        if said.image_family == "BOTTLEROCKET"
        else {"/dev/xvda": size}
    )


def _labels(pool: str, said: EksNodePool) -> dict[str, str]:
    labels = said.all_labels(pool)
    if said.accelerator:
        # By it the autoscaler knows that a node whose GPUs are not offered yet will have them.
        labels["k8s.amazonaws.com/accelerator"] = said.accelerator.kind
    return labels


def _taint(taint: str) -> Any:
    named, _, effect = taint.rpartition(":")
    key, _, value = named.partition("=")
    return {"key": key, "value": value, "effect": _EFFECTS[effect]}
