"""`Storage`: the StorageClasses of a cluster on EKS. `FileSystem`: its file system in EFS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_aws import efs, vpc
from pulumi_aws.ec2 import SecurityGroup

from components import workload
from components.clusters.eks.network import Network
from components.kubernetes.object import Fields, KubernetesObject

_NFS_PORT = 2049


class Storage(pulumi.ComponentResource):
    """The default StorageClass: EBS disks, encrypted with the stack's key. With `files` also a
    StorageClass of that EFS file system, which nodes in all zones mount over TLS."""

    disk_class: pulumi.Output[str]
    shared_class: pulumi.Output[str] | None
    """The StorageClass of volumes that several nodes mount, None without a file system."""

    def __init__(
        self,
        name: str,
        *,
        key_arn: pulumi.Output[str],
        files: FileSystem | None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("slipway:clusters:EksStorage", name, None, opts)
        self._name = name
        self.disk_class = self._make_class(
            "disk",
            "ebs.csi.aws.com",
            {"type": "gp3", "encrypted": "true", "kmsKeyId": key_arn},
            annotations={"storageclass.kubernetes.io/is-default-class": "true"},
            # A disk exists in one zone: the zone of the first pod that uses it.
            volumeBindingMode="WaitForFirstConsumer",
            allowVolumeExpansion=True,
        )
        self.shared_class = self._make_shared_class(files) if files else None
        self.register_outputs({"disk_class": self.disk_class})

    def _make_shared_class(self, files: FileSystem) -> pulumi.Output[str]:
        return self._make_class(
            "files",
            "efs.csi.aws.com",
            {
                "provisioningMode": "efs-ap",
                "fileSystemId": files.id,
                # Each volume is a directory owned by one user.
                "directoryPerms": "0770",
                "uid": str(workload.USER_ID),
                "gid": str(workload.USER_ID),
                "basePath": "/volumes",
                "ensureUniqueDirectory": "true",
            },
            mountOptions=["tls"],
        )

    def _make_class(
        self,
        role: str,
        provisioner: str,
        parameters: Mapping[str, pulumi.Input[str]],
        annotations: Mapping[str, str] | None = None,
        **fields: object,
    ) -> pulumi.Output[str]:
        storage_class: Fields = {
            "metadata": {"annotations": dict(annotations or {})},
            "provisioner": provisioner,
            "parameters": dict(parameters),
            "reclaimPolicy": "Delete",
            **fields,
        }
        return KubernetesObject(
            f"{self._name}-{role}",
            "storage.k8s.io/v1",
            "StorageClass",
            storage_class,
            pulumi.ResourceOptions(parent=self),
        ).name


class FileSystem(pulumi.ComponentResource):
    """An encrypted EFS file system, with a mount target in each private subnet that only the
    cluster's nodes reach."""

    id: pulumi.Output[str]
    targets: Sequence[pulumi.Resource]
    """What workloads depend on."""

    def __init__(
        self,
        name: str,
        *,
        network: Network,
        nodes: pulumi.Output[str],
        key_arn: pulumi.Output[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("slipway:clusters:EksFileSystem", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        system = efs.FileSystem(
            f"{name}-system",
            encrypted=True,
            kms_key_id=key_arn,
            throughput_mode="elastic",
            tags={"Name": name},
            opts=child,
        )
        group = SecurityGroup(
            f"{name}-callers",
            vpc_id=network.vpc_id,
            description="Who mounts the cluster's files",
            opts=child,
        )
        vpc.SecurityGroupIngressRule(
            f"{name}-nodes",
            security_group_id=group.id,
            referenced_security_group_id=nodes,
            ip_protocol="tcp",
            from_port=_NFS_PORT,
            to_port=_NFS_PORT,
            description="The cluster's nodes",
            opts=child,
        )
        self.targets = [
            efs.MountTarget(
                f"{name}-{zone}",
                file_system_id=system.id,
                subnet_id=subnet,
                security_groups=[group.id],
                opts=child,
            )
            for zone, subnet in network.private_subnets.items()
        ]
        self.id = system.id
        self.register_outputs({"id": self.id})
