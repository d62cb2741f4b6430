"""`storage_classes`: what volumes are made of."""

from __future__ import annotations

import pulumi

from components.clusters.gke import machines
from components.clusters.gke.encryption import Encryption
from components.clusters.gke.network import Network
from components.clusters.gke.options import GkeOptions
from components.kubernetes.object import KubernetesObject


def storage_classes(
    name: str,
    options: GkeOptions,
    network: Network,
    encryption: Encryption,
    opts: pulumi.ResourceOptions,
) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
    """Two StorageClasses, both encrypted by the customer's key: disks for one node at a time, and
    Filestore for many."""
    disk = KubernetesObject(
        f"{name}-disk",
        "storage.k8s.io/v1",
        "StorageClass",
        {
            # GKE's own default is a default, too: of two the newer one counts.
            "metadata": {"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
            "provisioner": "pd.csi.storage.gke.io",
            "parameters": {"type": _disk(options), "disk-encryption-kms-key": encryption.key},
            "reclaimPolicy": "Delete",
            "allowVolumeExpansion": True,
            "volumeBindingMode": "WaitForFirstConsumer",
        },
        opts,
    )
    shared = KubernetesObject(
        f"{name}-filestore",
        "storage.k8s.io/v1",
        "StorageClass",
        {
            "provisioner": "filestore.csi.storage.gke.io",
            "parameters": {
                "tier": options.filestore_tier,
                "network": network.name,
                "instance-encryption-kms-key": encryption.key,
            },
            "reclaimPolicy": "Delete",
            "allowVolumeExpansion": True,
            "volumeBindingMode": "WaitForFirstConsumer",
        },
        opts,
    )
    return disk.name, shared.name


def _disk(options: GkeOptions) -> str:
    """What can be attached to the nodes: Persistent Disk where some have nothing else."""
    types = {machines.disk_type(pool.machine_type) for pool in options.node_pools.values()}
    return "hyperdisk-balanced" if types == {"hyperdisk-balanced"} else "pd-balanced"
