"""`NodePools`: the node pools of a GKE cluster. `NodeAccount`: the service account of their nodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from components.clusters.gke import machines
from components.clusters.gke.encryption import Encryption
from components.clusters.gke.labels import resource_labels
from components.clusters.gke.node_pool_options import GkeNodePool
from components.clusters.gke.options import GkeOptions
from components.kubernetes.taints import Taint

_EFFECTS = {
    "NoSchedule": "NO_SCHEDULE",
    "PreferNoSchedule": "PREFER_NO_SCHEDULE",
    "NoExecute": "NO_EXECUTE",
}
_DRIVERS = {"default": "DEFAULT", "latest": "LATEST", "dra": "INSTALLATION_DISABLED"}
#: https://cloud.google.com/kubernetes-engine/docs/how-to/set-up-dra
_DRA_LABELS = {
    "gke-no-default-nvidia-gpu-device-plugin": "true",
    "nvidia.com/gpu.present": "true",
}


class NodeAccount:
    """The service account that nodes run as. It may only write logs and metrics; the registry adds
    the permission to pull. Pods never get its tokens."""

    email: pulumi.Output[str]
    member: pulumi.Output[str]
    """The account as IAM policies name it."""
    ready: Sequence[pulumi.Resource]
    """The account's role: what nodes depend on."""

    def __init__(self, name: str, options: GkeOptions, *, opts: pulumi.ResourceOptions) -> None:
        account = gcp.serviceaccount.Account(
            f"{name}-nodes", display_name=f"Nodes of {pulumi.get_stack()}", opts=opts
        )
        role = gcp.projects.IAMMember(
            f"{name}-nodes-role",
            project=options.project,
            role="roles/container.defaultNodeServiceAccount",
            member=account.member,
            opts=opts,
        )
        self.email, self.member, self.ready = account.email, account.member, [role]


@dataclass(frozen=True, kw_only=True)
class _Part:
    """One of the one or two pools in GKE that a pool of the stack file becomes."""

    name: str
    min: int
    max: int
    spot: bool


def _parts(name: str, pool: GkeNodePool) -> Iterator[_Part]:
    """A GKE pool is all spot or all on-demand, so a spot pool with on-demand nodes is two pools.
    The on-demand one has a fixed size."""
    on_demand = pool.spot.on_demand if pool.spot else 0
    if pool.max > on_demand:
        yield _Part(
            name=name,
            min=max(pool.min - on_demand, 0),
            max=pool.max - on_demand,
            spot=pool.spot is not None,
        )
    if on_demand:
        yield _Part(name=f"{name}-floor", min=on_demand, max=on_demand, spot=False)


class NodePools:
    """All node pools of a cluster."""

    ready: Sequence[pulumi.Resource]
    """The pools: what workloads depend on."""

    def __init__(
        self,
        name: str,
        options: GkeOptions,
        *,
        cluster: gcp.container.Cluster,
        account: NodeAccount,
        encryption: Encryption,
        opts: pulumi.ResourceOptions,
    ) -> None:
        self._name, self._options, self._cluster = name, options, cluster
        self._account, self._encryption = account, encryption
        self._opts = pulumi.ResourceOptions.merge(
            opts,
            pulumi.ResourceOptions(
                depends_on=[*encryption.ready, *account.ready],
                # The autoscaler changes it, and another value would replace the pool.
                ignore_changes=["initialNodeCount"],
            ),
        )
        self.ready = [
            self._make_pool(key, pool, part)
            for key, pool in options.node_pools.items()
            for part in _parts(key, pool)
        ]

    def _make_pool(self, key: str, pool: GkeNodePool, part: _Part) -> gcp.container.NodePool:
        zones = self._options.zones(pool)
        return gcp.container.NodePool(
            f"{self._name}-{part.name}",
            project=self._options.project,
            location=self._options.region,
            cluster=self._cluster.name,
            # The same `up` upgrades the control plane, and then the pool.
            version=self._cluster.master_version,
            node_locations=list(zones) or None,
            # Per zone, rounded up: the autoscaler removes the surplus.
            initial_node_count=-(-part.min // (len(zones) or 3)),
            autoscaling={
                "total_min_node_count": part.min,
                "total_max_node_count": part.max,
                # Zones differ in how many GPUs and spot nodes they have available.
                "location_policy": "ANY" if part.spot or pool.accelerator else "BALANCED",
            },
            management={"auto_repair": True, "auto_upgrade": True},
            upgrade_settings={"strategy": "SURGE", "max_surge": 1, "max_unavailable": 0},
            node_drain_configs=[{"respect_pdb_during_node_pool_deletion": True}],
            network_config={"enable_private_nodes": True},
            node_config=self._node_config(key, pool, part),
            opts=self._opts,
        )

    def _node_config(
        self, key: str, pool: GkeNodePool, part: _Part
    ) -> gcp.container.NodePoolNodeConfigArgsDict:
        dra = _DRA_LABELS if pool.gpu_driver == "dra" else {}
        return {
            "machine_type": pool.machine_type,
            "image_type": pool.image_family,
            "spot": part.spot,
            "guest_accelerators": _guest_accelerators(pool),
            "disk_type": pool.disk_type or machines.disk_type(pool.machine_type),
            "disk_size_gb": pool.disk_gib,
            "boot_disk_kms_key": self._encryption.key,
            "labels": {**pool.all_labels(key), **dra},
            "taints": [_taint(Taint.parse(each)) for each in pool.all_taints],
            "resource_labels": resource_labels(),
            "service_account": self._account.email,
            # The account's roles limit its permissions.
            "oauth_scopes": ["https://www.googleapis.com/auth/cloud-platform"],
            "shielded_instance_config": {
                "enable_secure_boot": True,
                "enable_integrity_monitoring": True,
            },
            "workload_metadata_config": {"mode": "GKE_METADATA"},
            "metadata": {"disable-legacy-endpoints": "true"},
            "kubelet_config": {"insecure_kubelet_readonly_port_enabled": "FALSE"},
        }


def _guest_accelerators(
    pool: GkeNodePool,
) -> list[gcp.container.NodePoolNodeConfigGuestAcceleratorArgsDict]:
    if pool.accelerator is None:
        return []
    return [
        {
            "type": machines.GPUS[pool.accelerator.kind].type,
            "count": pool.accelerator.count,
            "gpu_driver_installation_config": {
                "gpu_driver_version": _DRIVERS[pool.gpu_driver or "default"]
            },
        }
    ]


def _taint(taint: Taint) -> gcp.container.NodePoolNodeConfigTaintArgsDict:
    return {"key": taint.key, "value": taint.value, "effect": _EFFECTS[taint.effect]}
