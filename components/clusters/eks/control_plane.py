"""`ControlPlane`: the EKS cluster itself, and who may call its API."""

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
    """A cluster without nodes and without add-ons: access by IAM alone, secrets encrypted by the
    stack's key, every log on. Nodes reach the API inside the VPC."""

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
            # At the end of standard support AWS upgrades it, instead of charging six times as much.
            upgrade_policy={"support_type": "STANDARD"},
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[*role.resources, logs.control_plane, network],
                # The engine refuses before it deletes anything; AWS would when models are gone.
                protect=options.deletion_protection,
                delete_before_replace=True,
            ),
        )
        self.name = self.cluster.name
        self.security_group = self.cluster.vpc_config.apply(
            lambda it: str(it.cluster_security_group_id)
        )
        self._make_administrators(name, options)
        self._open_for(name, options)
        self.register_outputs({"name": self.name})

    def _make_administrators(self, name: str, options: EksOptions) -> None:
        for who, arn in options.administrators.items():
            entry = eks.AccessEntry(
                f"{name}-{who}",
                cluster_name=self.name,
                principal_arn=arn,
                type="STANDARD",
                opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
            )
            eks.AccessPolicyAssociation(
                f"{name}-{who}-policy",
                cluster_name=self.name,
                principal_arn=entry.principal_arn,
                policy_arn=f"arn:{partition(options.region)}:{_ADMIN_POLICY}",
                access_scope={"type": "cluster"},
                opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
            )

    def _open_for(self, name: str, options: EksOptions) -> None:
        """The private endpoint lets in the cluster's own nodes; others by a rule."""
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
    """What the control plane does in the account."""
    trust = policies.service("eks.amazonaws.com")
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
