"""`Karpenter`: makes nodes for pods that wait, and removes those that nothing needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_aws import eks, iam

from components.clusters.eks import policies
from components.clusters.eks.control_plane import ControlPlane
from components.clusters.eks.karpenter.chart import NAMESPACE, SERVICE_ACCOUNT, make_chart
from components.clusters.eks.karpenter.interruptions import Interruptions
from components.clusters.eks.karpenter.nodes import Machines, beyond, make_pool
from components.clusters.eks.karpenter.rights import rights
from components.clusters.eks.node_pools import node_role
from components.clusters.eks.options import EksOptions
from components.clusters.eks.roles import Role
from components.images import Images
from components.kubernetes.object import KubernetesObject


class Karpenter(pulumi.ComponentResource):
    """Karpenter by its chart, and a NodePool for each pool with room above its managed nodes.

    `pools` are the NodePools: what is made after them is deleted before their nodes are drained,
    and those before Karpenter, which drains them, is taken away."""

    pools: Sequence[KubernetesObject]

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
        # Not that of the managed nodes, whose entry EKS makes and takes away with them.
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
            policies.pods(control_plane.cluster.arn, NAMESPACE, SERVICE_ACCOUNT),
            options.region,
            child,
            inline={
                "nodes": rights(
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
        chart = make_chart(
            f"{name}-chart",
            options,
            cluster_name=control_plane.name,
            queue=interruptions.queue.name,
            images=images,
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[association, *interruptions.ready]
            ),
        )
        machines = Machines(
            cluster_name=control_plane.name,
            subnets=subnets,
            security_group=control_plane.security_group,
            instance_profile=profile.name,
            key_arn=key_arn,
        )
        # What a node needs to come and, what is more, to go: all of it goes after them.
        after = [chart, association, *role.resources, *interruptions.ready]
        after += [entry, profile, *nodes.resources]
        self.pools = [
            make_pool(name, pool, said, machines, after, self)
            for pool, said in options.node_pools.items()
            if beyond(said)
        ]
        self.register_outputs({})
