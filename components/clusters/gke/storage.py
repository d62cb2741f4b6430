"""`Storage`: the StorageClasses of a GKE cluster."""

from __future__ import annotations

import pulumi

from components.clusters.gke import machines
from components.clusters.gke.encryption import Encryption
from components.clusters.gke.network import Network
from components.clusters.gke.options import GkeOptions
from components.kubernetes.object import KubernetesObject


class Storage:
    """Two StorageClasses, encrypted with the cluster's key: disks, which one node mounts and which
    are the default, and Filestore, which several nodes mount."""

    disk_class: pulumi.Output[str]
    shared_class: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        options: GkeOptions,
        *,
        network: Network,
        encryption: Encryption,
        opts: pulumi.ResourceOptions,
    ) -> None:
        self.disk_class = KubernetesObject(
            f"{name}-disk",
            "storage.k8s.io/v1",
            "StorageClass",
            {
                # GKE's own class is a default, too. Kubernetes uses the newer one.
                "metadata": {
                    "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}
                },
                "provisioner": "pd.csi.storage.gke.io",
                "parameters": {
                    "type": _disk_type(options),
                    "disk-encryption-kms-key": encryption.key,
                },
                "reclaimPolicy": "Delete",
                "allowVolumeExpansion": True,
                "volumeBindingMode": "WaitForFirstConsumer",
            },
            opts,
        ).name
        self.shared_class = KubernetesObject(
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
        ).name


def _disk_type(options: GkeOptions) -> str:
    """The disk type that volumes get: Hyperdisk if all pools need it, otherwise Persistent Disk."""
    types = {machines.disk_type(pool.machine_type) for pool in options.node_pools.values()}
    return "hyperdisk-balanced" if types == {"hyperdisk-balanced"} else "pd-balanced"
