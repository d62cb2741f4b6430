"""`Storage`: what volumes of a cluster on ACK are made of."""

from __future__ import annotations

import pulumi
from pulumi_alicloud import nas

from components.clusters.ack.network import Network
from components.kubernetes.object import KubernetesObject

DISK_CLASS, SHARED_CLASS = "slipway-disk", "slipway-shared"
#: As ACK's page of NAS volumes has them: Kubernetes mounts again over another port after a break.
_MOUNT_OPTIONS = ["nolock,tcp,noresvport", "vers=3"]


class Storage(pulumi.ComponentResource):
    """The default class, of disks that are encrypted with the cluster's key, and where the stack
    asks for shared storage a NAS file system, encrypted with a key of NAS's own, that the VPC
    alone mounts, and a class whose volumes are directories of it."""

    disks: pulumi.Output[str]
    """The name of the disks' class."""
    shared: pulumi.Output[str] | None
    """The name of the class that several nodes mount, None where there is none."""

    def __init__(
        self,
        name: str,
        called: str,
        key: pulumi.Input[str],
        network: Network,
        cidr: str,
        provider: pulumi.ProviderResource,
        *,
        shared: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:clusters:AckStorage", name, None, opts)
        self._name, self._called, self._kubernetes = name, called, provider
        self._child = pulumi.ResourceOptions(parent=self)
        self.disks = self._make_class(
            DISK_CLASS,
            "diskplugin.csi.alibabacloud.com",
            {"type": "cloud_essd,cloud_auto", "encrypted": "true", "kmsKeyId": key},
            default=True,
            expandable=True,
        )
        self.shared = self._make_shared(network, cidr) if shared else None
        self.register_outputs({"disks": self.disks, "shared": self.shared})

    def _make_shared(self, network: Network, cidr: str) -> pulumi.Output[str]:
        files = nas.FileSystem(
            f"{self._name}-files",
            file_system_type="standard",
            protocol_type="NFS",
            storage_type="Performance",
            # A customer's key is for the `extreme` type only, whose size is bought beforehand.
            encrypt_type=1,
            description=f"{self._name}-files",
            opts=self._child,
        )
        group = nas.AccessGroup(
            f"{self._name}-mounters",
            access_group_name=f"{self._called}-mounters",
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
            # Who writes models there is no root on the server; the driver makes directories.
            user_access_type="no_squash",
            priority=1,
            opts=self._child,
        )
        target = nas.MountTarget(
            f"{self._name}-target",
            file_system_id=files.id,
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
                # A claim that goes leaves its files behind under another name.
                "archiveOnDelete": "true",
            },
            mount_options=_MOUNT_OPTIONS,
        )

    def _make_class(
        self,
        called: str,
        provisioner: str,
        parameters: dict[str, pulumi.Input[str]],
        *,
        default: bool = False,
        expandable: bool = False,
        mount_options: list[str] | None = None,
    ) -> pulumi.Output[str]:
        annotations = {"storageclass.kubernetes.io/is-default-class": "true"} if default else {}
        return KubernetesObject(
            f"{self._name}-{called}",
            "storage.k8s.io/v1",
            "StorageClass",
            {
                "metadata": {"name": called, "annotations": annotations},
                "provisioner": provisioner,
                "parameters": parameters,
                "reclaimPolicy": "Delete",
                # A disk is of one zone: the first pod decides.
                "volumeBindingMode": "WaitForFirstConsumer" if default else "Immediate",
                "allowVolumeExpansion": expandable,
                **({"mountOptions": mount_options} if mount_options else {}),
            },
            pulumi.ResourceOptions(
                parent=self, provider=self._kubernetes, delete_before_replace=True
            ),
        ).name
