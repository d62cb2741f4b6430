"""`Karpenter`: adds nodes for pending pods, and removes nodes that no pod needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_aws import eks, iam

from components.clusters.eks import policies
from components.clusters.eks.control_plane import ControlPlane
from components.clusters.eks.karpenter.chart import NAMESPACE, SERVICE_ACCOUNT, karpenter_chart
from components.clusters.eks.karpenter.iam_policy import controller_policy
from components.clusters.eks.karpenter.interruptions import Interruptions
from components.clusters.eks.karpenter.nodes import NodeSettings, make_pool, max_nodes
from components.clusters.eks.node_pools import node_role
from components.clusters.eks.options import EksOptions
from components.clusters.eks.roles import Role
from components.images import Images
from components.kubernetes.object import KubernetesObject


class Karpenter(pulumi.ComponentResource):
    """Karpenter's chart, and a NodePool for each pool that may have more nodes than its managed
    ones."""

    pools: Sequence[KubernetesObject]
    """The NodePools. What depends on them is deleted before their nodes are drained. The NodePools
    are deleted before Karpenter, which drains the nodes."""

    def __init__(
        self,
        name: str,
        options: EksOptions,
        *,
        control_plane: ControlPlane,
        subnets: Mapping[str, pulumi.Output[str]],
        repositories: Sequence[pulumi.Output[str]],
        key_arn: pulumi.Output[str],
        images: Images,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("slipway:clusters:EksKarpenter", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        interruptions = Interruptions(f"{name}-interruptions", child)
        # A role of its own: EKS creates and deletes the access entry of the managed nodes' role
        # together with those nodes.
        nodes = node_role(f"{name}-node-role", options.region, repositories, child)
        profile = iam.InstanceProfile(f"{name}-nodes", role=nodes.name, opts=child)
        entry = eks.AccessEntry(
            f"{name}-nodes-entry",
            cluster_name=control_plane.name,
            principal_arn=nodes.arn,
            type="EC2_LINUX",
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        role = Role(
            f"{name}-role",
            policies.pod_identity_trust(control_plane.cluster.arn, NAMESPACE, SERVICE_ACCOUNT),
            options.region,
            child,
            inline={
                "nodes": controller_policy(
                    cluster_name=control_plane.name,
                    cluster_arn=control_plane.cluster.arn,
                    region=options.region,
                    key_arn=key_arn,
                    queue_arn=interruptions.queue.arn,
                    node_role_arn=nodes.arn,
                )
            },
        )
        association = eks.PodIdentityAssociation(
            f"{name}-identity",
            cluster_name=control_plane.name,
            namespace=NAMESPACE,
            service_account=SERVICE_ACCOUNT,
            role_arn=role.arn,
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=role.resources, delete_before_replace=True
            ),
        )
        chart = karpenter_chart(
            f"{name}-chart",
            options,
            cluster_name=control_plane.name,
            queue=interruptions.queue.name,
            images=images,
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[association, *interruptions.ready]
            ),
        )
        settings = NodeSettings(
            cluster_name=control_plane.name,
            subnets=subnets,
            security_group=control_plane.security_group,
            instance_profile=profile.name,
            key_arn=key_arn,
        )
        # What Karpenter needs to start and to terminate nodes, so it is deleted after them.
        needed = [chart, association, *role.resources, *interruptions.ready]
        needed += [entry, profile, *nodes.resources]
        self.pools = [
            make_pool(name, key, pool, settings, needed, self)
            for key, pool in options.node_pools.items()
            if max_nodes(pool)
        ]
        self.register_outputs({})
