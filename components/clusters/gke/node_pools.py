"""`node_pools`: the nodes, and the service account that they run by."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from components.clusters.gke import machines
from components.clusters.gke.encryption import Encryption
from components.clusters.gke.labels import resource_labels
from components.clusters.gke.node_pool_options import GkeNodePool
from components.clusters.gke.options import GkeOptions

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


@dataclass(frozen=True, kw_only=True)
class Account:
    """The nodes' service account, and the role that it has before there are nodes."""

    email: pulumi.Output[str]
    member: pulumi.Output[str]
    role: pulumi.Resource


def account(name: str, options: GkeOptions, opts: pulumi.ResourceOptions) -> Account:
    """What nodes are in Google Cloud: they write logs and metrics, and that is all; what they may
    pull is the registry's to say. Pods never get its tokens."""
    made = gcp.serviceaccount.Account(
        f"{name}-nodes", display_name=f"Nodes of {pulumi.get_stack()}", opts=opts
    )
    role = gcp.projects.IAMMember(
        f"{name}-nodes-role",
        project=options.project,
        role="roles/container.defaultNodeServiceAccount",
        member=made.member,
        opts=opts,
    )
    return Account(email=made.email, member=made.member, role=role)


def node_pools(
    name: str,
    options: GkeOptions,
    cluster: gcp.container.Cluster,
    account: Account,
    encryption: Encryption,
    opts: pulumi.ResourceOptions,
) -> list[gcp.container.NodePool]:
    """Every pool; one with spot nodes and a floor is two: the floor is a pool of its own that is
    never smaller or larger. GKE's autoscaler mixes no prices in one."""
    made = []
    for key, pool in options.node_pools.items():
        floor = pool.spot.on_demand if pool.spot else 0
        sizes = {key: (max(pool.min - floor, 0), pool.max - floor, pool.spot is not None)}
        if floor:
            sizes[f"{key}-floor"] = (floor, floor, False)
        made += [
            _pool(f"{name}-{each}", key, pool, size, options, cluster, account, encryption, opts)
            for each, size in sizes.items()
            if size[1]
        ]
    return made


def _pool(
    name: str,
    key: str,
    pool: GkeNodePool,
    size: tuple[int, int, bool],
    options: GkeOptions,
    cluster: gcp.container.Cluster,
    account: Account,
    encryption: Encryption,
    opts: pulumi.ResourceOptions,
) -> gcp.container.NodePool:
    fewest, most, spot = size
    zones = options.zones(pool)
    return gcp.container.NodePool(
        name,
        project=options.project,
        location=options.region,
        cluster=cluster.name,
        # Upgraded after the control plane, by the same `up`.
        version=cluster.master_version,
        node_locations=list(zones) or None,
        # In each zone; the autoscaler takes away what is too much.
        initial_node_count=-(-fewest // (len(zones) or 3)),
        autoscaling={
            "total_min_node_count": fewest,
            "total_max_node_count": most,
            # GPUs and spot nodes are where they are: in no zone as many as in the next.
            "location_policy": "ANY" if spot or pool.accelerator else "BALANCED",
        },
        management={"auto_repair": True, "auto_upgrade": True},
        upgrade_settings={"strategy": "SURGE", "max_surge": 1, "max_unavailable": 0},
        node_drain_configs=[{"respect_pdb_during_node_pool_deletion": True}],
        network_config={"enable_private_nodes": True},
        node_config=_nodes(key, pool, spot, account, encryption),
        opts=pulumi.ResourceOptions.merge(
            opts,
            pulumi.ResourceOptions(
                depends_on=[*encryption.needs, account.role],
                # The autoscaler's; another number would be another pool.
                ignore_changes=["initialNodeCount"],
            ),
        ),
    )


def _nodes(
    key: str,
    pool: GkeNodePool,
    spot: bool,
    account: Account,
    encryption: Encryption,
) -> gcp.container.NodePoolNodeConfigArgsDict:
    dra = _DRA_LABELS if pool.gpu_driver == "dra" else {}
    return {
        "machine_type": pool.machine_type,
        "image_type": pool.image_family,
        "spot": spot,
        "guest_accelerators": _devices(pool),
        "disk_type": pool.disk_type or machines.disk_type(pool.machine_type),
        "disk_size_gb": pool.disk_size,
        "boot_disk_kms_key": encryption.key,
        "labels": {**pool.all_labels(key), **dra},
        "taints": [_taint(taint) for taint in pool.all_taints],
        "resource_labels": resource_labels(),
        "service_account": account.email,
        # What the account may do is its roles' to say.
        "oauth_scopes": ["https://www.googleapis.com/auth/cloud-platform"],
        "shielded_instance_config": {
            "enable_secure_boot": True,
            "enable_integrity_monitoring": True,
        },
        "workload_metadata_config": {"mode": "GKE_METADATA"},
        "metadata": {"disable-legacy-endpoints": "true"},
        "kubelet_config": {"insecure_kubelet_readonly_port_enabled": "FALSE"},
    }


def _devices(pool: GkeNodePool) -> list[gcp.container.NodePoolNodeConfigGuestAcceleratorArgsDict]:
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


def _taint(taint: str) -> gcp.container.NodePoolNodeConfigTaintArgsDict:
    named, _, effect = taint.rpartition(":")
    key, _, value = named.partition("=")
    return {"key": key, "value": value, "effect": _EFFECTS[effect]}
