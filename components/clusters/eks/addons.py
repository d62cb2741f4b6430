"""`Addons`: the add-ons that EKS runs on a cluster, at the versions in `versions.py`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi_aws import eks

from components.clusters.eks import policies
from components.clusters.eks.control_plane import ControlPlane
from components.clusters.eks.options import EksOptions
from components.clusters.eks.roles import Role
from components.clusters.eks.versions import (
    CLOUDWATCH,
    COREDNS,
    EBS_CSI,
    EFS_CSI,
    KUBE_PROXY,
    POD_IDENTITY_AGENT,
    VPC_CNI,
    Addon,
)

_SYSTEM = "kube-system"
_CLOUDWATCH_NAMESPACE = "amazon-cloudwatch"


class Addons:
    """The add-ons in two parts: those that nodes need to become ready, and those that run on ready
    nodes. Each add-on whose pods call AWS has a role of its own, by EKS Pod Identity."""

    def __init__(
        self,
        name: str,
        options: EksOptions,
        *,
        control_plane: ControlPlane,
        opts: pulumi.ResourceOptions,
    ) -> None:
        self._name, self._options, self._opts = name, options, opts
        self._control_plane = control_plane

    def make_before_nodes(self) -> Sequence[pulumi.Resource]:
        """The network of nodes and pods. It has to be deleted after the nodes, since it releases
        the network interfaces that block the deletion of the subnets."""
        agent = self._make(POD_IDENTITY_AGENT, [])
        network = self._make(
            VPC_CNI,
            [agent],
            {"enableNetworkPolicy": "true"},
            {
                "aws-node": self._role(
                    VPC_CNI, _SYSTEM, "aws-node", managed=["AmazonEKS_CNI_Policy"]
                )
            },
        )
        return [agent, network, self._make(KUBE_PROXY, [])]

    def make_after_nodes(
        self,
        nodes: Sequence[pulumi.Resource],
        *,
        key_arn: pulumi.Output[str],
        log_groups: Sequence[pulumi.Resource],
    ) -> Sequence[pulumi.Resource]:
        """DNS, disks, and if the stack enables them, shared files and the containers' logs."""
        account = "ebs-csi-controller-sa"
        disks = self._role(
            EBS_CSI,
            _SYSTEM,
            account,
            managed=["service-role/AmazonEBSCSIDriverPolicy"],
            inline={"key": _disk_key_policy(key_arn)},
        )
        addons = [
            self._make(COREDNS, nodes),
            self._make(EBS_CSI, nodes, roles={account: disks}),
        ]
        if self._options.shared_storage:
            account = "efs-csi-controller-sa"
            files = self._role(
                EFS_CSI, _SYSTEM, account, managed=["service-role/AmazonEFSCSIDriverPolicy"]
            )
            addons.append(self._make(EFS_CSI, nodes, roles={account: files}))
        if self._options.container_logs:
            account = "cloudwatch-agent"
            agent = self._role(
                CLOUDWATCH,
                _CLOUDWATCH_NAMESPACE,
                account,
                managed=["CloudWatchAgentServerPolicy"],
            )
            addons.append(self._make(CLOUDWATCH, [*nodes, *log_groups], roles={account: agent}))
        return addons

    def _role(self, addon: Addon, namespace: str, account: str, **permissions: Any) -> Role:
        return Role(
            f"{self._name}-{addon.name}-role",
            policies.pod_identity_trust(self._control_plane.cluster.arn, namespace, account),
            self._options.region,
            self._opts,
            **permissions,
        )

    def _make(
        self,
        addon: Addon,
        depends_on: Sequence[pulumi.Resource],
        configuration: Mapping[str, Any] | None = None,
        roles: Mapping[str, Role] | None = None,
    ) -> eks.Addon:
        roles = roles or {}
        return eks.Addon(
            f"{self._name}-{addon.name}",
            addon_name=addon.name,
            addon_version=addon.version(self._options.minor),
            cluster_name=self._control_plane.name,
            configuration_values=json.dumps(configuration) if configuration else None,
            pod_identity_associations=[
                {"role_arn": role.arn, "service_account": account}
                for account, role in roles.items()
            ]
            or None,
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="OVERWRITE",
            opts=pulumi.ResourceOptions.merge(
                self._opts,
                pulumi.ResourceOptions(
                    depends_on=[
                        *depends_on,
                        *(each for role in roles.values() for each in role.resources),
                    ],
                    delete_before_replace=True,
                ),
            ),
        )


def _disk_key_policy(key_arn: pulumi.Output[str]) -> pulumi.Output[str]:
    """Lets the driver encrypt disks with the key:
    https://docs.aws.amazon.com/eks/latest/userguide/ebs-csi.html."""
    return policies.document(
        policies.allow(
            ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"],
            key_arn,
            {"Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
        policies.allow(policies.USE_KEY, key_arn),
    )
