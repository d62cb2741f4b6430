"""`Storage`: the StorageClasses of a cluster on ACK."""

from __future__ import annotations

import pulumi
from pulumi_alicloud import nas

from components.clusters.ack.network import Network
from components.kubernetes.object import KubernetesObject

DISK_CLASS, SHARED_CLASS = "slipway-disk", "slipway-shared"
#: From ACK's page on NAS volumes: `noresvport` reconnects from another port after an interruption.
_MOUNT_OPTIONS = ["nolock,tcp,noresvport", "vers=3"]


class Storage(pulumi.ComponentResource):
    """The default StorageClass: disks, encrypted with the cluster's key. With `shared` also a NAS
    file system, encrypted with NAS's own key and reachable from the VPC only, and a StorageClass
    whose volumes are directories of it."""

    disk_class: pulumi.Output[str]
    shared_class: pulumi.Output[str] | None
    """The StorageClass of volumes that several nodes mount, None without a file system."""

    def __init__(
        self,
        name: str,
        *,
        cluster_name: str,
        key: pulumi.Input[str],
        network: Network,
        cidr: str,
        shared: bool,
        provider: pulumi.ProviderResource,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("slipway:clusters:AckStorage", name, None, opts)
        self._name, self._cluster_name, self._kubernetes = name, cluster_name, provider
        self._child = pulumi.ResourceOptions(parent=self)
        self.disk_class = self._make_class(
            DISK_CLASS,
            "diskplugin.csi.alibabacloud.com",
            {"type": "cloud_essd,cloud_auto", "encrypted": "true", "kmsKeyId": key},
            default=True,
            expandable=True,
        )
        self.shared_class = self._make_shared_class(network, cidr) if shared else None
        self.register_outputs({"disks": self.disk_class, "shared": self.shared_class})

    def _make_shared_class(self, network: Network, cidr: str) -> pulumi.Output[str]:
        file_system = nas.FileSystem(
            f"{self._name}-files",
            file_system_type="standard",
            protocol_type="NFS",
            storage_type="Performance",
            # NAS's own key: a customer's key needs the type `extreme`, with a prepaid size.
            encrypt_type=1,
            description=f"{self._name}-files",
            opts=self._child,
        )
        group = nas.AccessGroup(
            f"{self._name}-mounters",
            access_group_name=f"{self._cluster_name}-mounters",
            access_group_type="Vpc",
            file_system_type="standard",
            opts=self._child,
        )
        rule = nas.AccessRule(
            f"{self._name}-mounter",
            access_group_name=group.access_group_name,
            file_system_type="standard",
            source_cidr_ip=cidr,
            rw_access_type="RDWR",
            # No squashing: the driver creates directories as root, and the pods that write models
            # are not root.
            user_access_type="no_squash",
            priority=1,
            opts=self._child,
        )
        target = nas.MountTarget(
            f"{self._name}-target",
            file_system_id=file_system.id,
            access_group_name=group.access_group_name,
            network_type="Vpc",
            vpc_id=network.vpc_id,
            vswitch_id=next(iter(network.nodes.values())),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[rule]),
        )
        return self._make_class(
            SHARED_CLASS,
            "nasplugin.csi.alibabacloud.com",
            {
                "volumeAs": "subpath",
                "server": pulumi.Output.concat(target.mount_target_domain, ":/"),
                # When a claim is deleted, its directory is renamed and kept.
                "archiveOnDelete": "true",
            },
            mount_options=_MOUNT_OPTIONS,
        )

    def _make_class(
        self,
        class_name: str,
        provisioner: str,
        parameters: dict[str, pulumi.Input[str]],
        *,
        default: bool = False,
        expandable: bool = False,
        mount_options: list[str] | None = None,
    ) -> pulumi.Output[str]:
        annotations = {"storageclass.kubernetes.io/is-default-class": "true"} if default else {}
        return KubernetesObject(
            f"{self._name}-{class_name}",
            "storage.k8s.io/v1",
            "StorageClass",
            {
                "metadata": {"name": class_name, "annotations": annotations},
                "provisioner": provisioner,
                "parameters": parameters,
                "reclaimPolicy": "Delete",
                # A disk exists in one zone: the zone of the first pod that uses it.
                "volumeBindingMode": "WaitForFirstConsumer" if default else "Immediate",
                "allowVolumeExpansion": expandable,
                **({"mountOptions": mount_options} if mount_options else {}),
            },
            pulumi.ResourceOptions(
                parent=self, provider=self._kubernetes, delete_before_replace=True
            ),
        ).name
