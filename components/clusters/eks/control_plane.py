"""`ControlPlane`: an EKS cluster without nodes, and access to its API."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi_aws import eks, vpc

from components.clusters.cloud import CidrsAccess, PrivateAccess
from components.clusters.eks import policies
from components.clusters.eks.logs import Logs
from components.clusters.eks.network import Network
from components.clusters.eks.options import EksOptions
from components.clusters.eks.regions import partition
from components.clusters.eks.roles import Role

_LOGS = ("api", "audit", "authenticator", "controllerManager", "scheduler")
_ADMIN_POLICY = "eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"


class ControlPlane(pulumi.ComponentResource):
    """A cluster without nodes and add-ons. Only IAM grants access, the stack's key encrypts secrets,
    and all logs are enabled. Nodes call the API inside the VPC."""

    cluster: eks.Cluster
    name: pulumi.Output[str]
    security_group: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        options: EksOptions,
        *,
        cluster_name: str,
        role: Role,
        network: Network,
        logs: Logs,
        key_arn: pulumi.Output[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("slipway:clusters:EksControlPlane", name, None, opts)
        self.cluster = eks.Cluster(
            f"{name}-cluster",
            name=cluster_name,
            version=options.minor,
            role_arn=role.arn,
            vpc_config=_vpc_config(options, network),
            kubernetes_network_config={
                "ip_family": "ipv4",
                "service_ipv4_cidr": options.service_cidr,
            },
            access_config={
                "authentication_mode": "API",
                "bootstrap_cluster_creator_admin_permissions": True,
            },
            encryption_config={"provider": {"key_arn": key_arn}, "resources": ["secrets"]},
            enabled_cluster_log_types=list(_LOGS),
            bootstrap_self_managed_addons=False,
            deletion_protection=options.deletion_protection,
            # When standard support ends, AWS upgrades the cluster. Extended support would cost six
            # times as much.
            upgrade_policy={"support_type": "STANDARD"},
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[*role.resources, logs.control_plane, network],
                # The engine refuses before it deletes anything. AWS refuses only when the models
                # are already deleted.
                protect=options.deletion_protection,
                delete_before_replace=True,
            ),
        )
        self.name = self.cluster.name
        self.security_group = self.cluster.vpc_config.apply(
            lambda it: str(it.cluster_security_group_id)
        )
        self._make_administrators(name, options)
        self._admit_private_callers(name, options)
        self.register_outputs({"name": self.name})

    def _make_administrators(self, name: str, options: EksOptions) -> None:
        for administrator, arn in options.administrators.items():
            entry = eks.AccessEntry(
                f"{name}-{administrator}",
                cluster_name=self.name,
                principal_arn=arn,
                type="STANDARD",
                opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
            )
            eks.AccessPolicyAssociation(
                f"{name}-{administrator}-policy",
                cluster_name=self.name,
                principal_arn=entry.principal_arn,
                policy_arn=f"arn:{partition(options.region)}:{_ADMIN_POLICY}",
                access_scope={"type": "cluster"},
                opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
            )

    def _admit_private_callers(self, name: str, options: EksOptions) -> None:
        """Rules for callers of the private endpoint, which by itself admits only the nodes."""
        if not isinstance(options.access, PrivateAccess):
            return
        for cidr in options.access.from_:
            vpc.SecurityGroupIngressRule(
                f"{name}-from-{cidr.translate(str.maketrans('./:', '---'))}",
                security_group_id=self.security_group,
                ip_protocol="tcp",
                from_port=443,
                to_port=443,
                description="The Kubernetes API",
                cidr_ipv4=None if ":" in cidr else cidr,
                cidr_ipv6=cidr if ":" in cidr else None,
                opts=pulumi.ResourceOptions(parent=self),
            )


def control_plane_role(name: str, region: str, opts: pulumi.ResourceOptions) -> Role:
    """The role with the permissions that the control plane needs in the account."""
    trust = policies.service_trust("eks.amazonaws.com")
    return Role(name, trust, region, opts, managed=["AmazonEKSClusterPolicy"])


def _vpc_config(options: EksOptions, network: Network) -> Any:
    config: dict[str, Any] = {
        "subnet_ids": list(network.private_subnets.values()),
        "endpoint_private_access": True,
        "endpoint_public_access": isinstance(options.access, CidrsAccess),
    }
    if isinstance(options.access, CidrsAccess):
        config["public_access_cidrs"] = list(options.access.cidrs)
    return config
