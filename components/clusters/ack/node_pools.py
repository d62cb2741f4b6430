"""`NodePools`: the node pools of a cluster on ACK, and their autoscaler."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi_alicloud import cs, ram

from components.clusters.ack.node_pool_options import AckNodePool
from components.clusters.ack.options import AckOptions
from components.clusters.ack.versions import IMAGE_FAMILY, RELEASES
from components.kubernetes.taints import Taint

#: The node label by which ACK chooses the version of NVIDIA's driver.
_DRIVER = "ack.aliyun.com/nvidia-driver-version"
#: Keeps ACK's device plugin off a pool's nodes, as NVIDIA's DRA driver requires:
#: https://www.alibabacloud.com/help/en/ack/ack-managed-and-ack-dedicated/user-guide/schedule-gpus-using-dra.
_NO_DEVICE_PLUGIN = {"ack.node.gpu.schedule": "disabled"}
_TRUST = {
    "Version": "1",
    "Statement": [
        {
            "Action": "sts:AssumeRole",
            "Effect": "Allow",
            "Principal": {"Service": ["ecs.aliyuncs.com"]},
        }
    ],
}


class NodePools(pulumi.ComponentResource):
    """One scaling group per pool. Nodes have no public addresses and no passwords, and run as a RAM
    role without permissions. ACK repairs them and installs security updates; on GPU nodes it also
    installs NVIDIA's driver and device plugin. Only the stack upgrades Kubernetes."""

    ready: Sequence[pulumi.Resource]
    """The pools and the autoscaler: what workloads depend on."""

    def __init__(
        self,
        name: str,
        options: AckOptions,
        *,
        cluster_id: pulumi.Output[str],
        vswitches: Mapping[str, pulumi.Input[str]],
        role_name: str,
        key: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("slipway:clusters:AckNodePools", name, None, opts)
        self._name, self._cluster_id = name, cluster_id
        self._kubernetes = RELEASES[options.minor]
        self._vswitches, self._key = vswitches, key
        self._child = pulumi.ResourceOptions(parent=self)
        self._role = ram.Role(
            f"{name}-role",
            role_name=role_name,
            description="Nodes of a cluster of Slipway",
            assume_role_policy_document=json.dumps(_TRUST),
            opts=self._child,
        ).role_name
        autoscaler = self._make_autoscaler(options)
        pools = [self._make_pool(key, pool) for key, pool in options.node_pools.items()]
        self.ready = [*pools, *autoscaler]
        self.register_outputs({})

    def _make_autoscaler(self, options: AckOptions) -> list[pulumi.Resource]:
        if not any(pool.max > pool.min for pool in options.node_pools.values()):
            return []
        return [
            cs.AutoscalingConfig(
                f"{self._name}-autoscaler",
                cluster_id=self._cluster_id,
                scaler_type="cluster-autoscaler",
                expander="least-waste",
                scale_down_enabled=True,
                scale_up_from_zero=True,
                # Model files that pods copy are local storage: if such nodes were skipped, they
                # would never be removed.
                skip_nodes_with_local_storage=False,
                skip_nodes_with_system_pods=True,
                opts=self._child,
            )
        ]

    def _make_pool(self, name: str, pool: AckNodePool) -> cs.NodePool:
        zones = pool.zones or self._vswitches
        return cs.NodePool(
            f"{self._name}-{name}",
            node_pool_name=name,
            cluster_id=self._cluster_id,
            vswitch_ids=[self._vswitches[zone] for zone in zones],
            instance_types=pool.machine_types,
            image_type=pool.image_family or IMAGE_FAMILY,
            instance_charge_type="PostPaid",
            ram_role_name=self._role,
            system_disk_category="cloud_essd",
            system_disk_size=pool.disk_gib,
            system_disk_encrypted=True,
            system_disk_encrypt_algorithm="aes-256",
            system_disk_kms_key=self._key,
            instance_metadata_options=cs.NodePoolInstanceMetadataOptionsArgs(
                http_tokens="required"
            ),
            labels=[
                cs.NodePoolLabelArgs(key=key, value=value)
                for key, value in _labels(name, pool).items()
            ],
            taints=[_taint(Taint.parse(each)) for each in pool.all_taints],
            management=cs.NodePoolManagementArgs(
                enable=True,
                auto_repair=True,
                auto_repair_policy=cs.NodePoolManagementAutoRepairPolicyArgs(restart_node=True),
                auto_vul_fix=True,
                auto_vul_fix_policy=cs.NodePoolManagementAutoVulFixPolicyArgs(
                    restart_node=True, vul_level="asap"
                ),
                auto_upgrade=False,
                max_unavailable=1,
            ),
            install_cloud_monitor=True,
            **_size(pool),
            **_spot(pool),
            **_upgrade(pool, self._kubernetes),
            opts=self._child,
        )


def _labels(name: str, pool: AckNodePool) -> dict[str, str]:
    labels = pool.all_labels(name)
    if pool.driver:
        labels[_DRIVER] = pool.driver
    if pool.gpu_driver == "dra":
        labels |= _NO_DEVICE_PLUGIN
    return labels


def _taint(taint: Taint) -> cs.NodePoolTaintArgs:
    return cs.NodePoolTaintArgs(key=taint.key, value=taint.value, effect=taint.effect)


def _size(pool: AckNodePool) -> dict[str, Any]:
    """A fixed number of nodes, or bounds for the autoscaler, whose choice `up` does not change."""
    if pool.min == pool.max:
        return {"desired_size": str(pool.min)}
    kind = "spot" if pool.spot else "gpu" if pool.accelerator else "cpu"
    return {
        "scaling_config": cs.NodePoolScalingConfigArgs(
            enable=True, min_size=pool.min, max_size=pool.max, type=kind, is_bond_eip=False
        )
    }


def _spot(pool: AckNodePool) -> dict[str, Any]:
    if pool.spot is None:
        return {"spot_strategy": "NoSpot", "multi_az_policy": "BALANCE"}
    return {
        "spot_strategy": "SpotAsPriceGo",
        "multi_az_policy": "COST_OPTIMIZED",
        "on_demand_base_capacity": str(pool.spot.on_demand),
        "on_demand_percentage_above_base_capacity": "0",
        "spot_instance_pools": len(pool.machine_types),
        "spot_instance_remedy": True,
        "compensate_with_on_demand": True,
    }


def _upgrade(pool: AckNodePool, version: str) -> dict[str, Any]:
    if not pool.upgrade:
        return {}
    return {
        "upgrade_policy": cs.NodePoolUpgradePolicyArgs(
            kubernetes_version=version, use_replace=True
        ),
        "rolling_policy": cs.NodePoolRollingPolicyArgs(max_parallelism=1, pause_policy="NotPause"),
    }
