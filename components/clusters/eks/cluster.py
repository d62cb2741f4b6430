"""`EksCluster`: a cluster on Amazon EKS, with its network, nodes and add-ons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import pulumi

from components.clusters import support
from components.clusters.account import checked_account, report_place
from components.clusters.eks.options import EksOptions
from components.clusters.eks.provider_keys import login
from components.clusters.eks.versions import MINORS
from components.clusters.exec_kubeconfig import exec_kubeconfig
from components.clusters.providers import kubernetes_provider
from components.contracts.cluster import NodePool
from components.contracts.identity import BucketAccess, Identity
from components.images import Images

if TYPE_CHECKING:
    from components.clusters.eks.control_plane import ControlPlane
    from components.clusters.eks.network import Network
    from components.clusters.eks.registry import Registry

_BALANCER = "service.beta.kubernetes.io/aws-load-balancer"
_HINT = "the AWS CLI, version 2: https://docs.aws.amazon.com/cli/latest/userguide/"


class EksCluster(pulumi.ComponentResource):
    """Everything from the network to the add-ons; what runs on the cluster is made after its nodes
    and deleted before them. Of Amazon's SDK nothing is loaded before a cluster is made."""

    kind = "eks"
    adopts = False
    load_balancer_class: str | None = None
    external_traffic_policy: str | None = "Local"
    name: pulumi.Output[str]
    kubeconfig: pulumi.Output[str]
    workload_identity: Mapping[str, pulumi.Input[str]]
    registry: pulumi.Output[str] | None
    node_pools: Mapping[str, NodePool]
    load_balancer_annotations: Mapping[str, str]

    def __init__(
        self,
        name: str,
        options: EksOptions,
        images: Images | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:clusters:EksCluster", name, None, opts)
        self._name, self._options = name, options
        self._images = images or Images()
        if old := support.warning(options.minor, MINORS, date.today()):
            pulumi.log.warn(old, self)
        called = options.name or f"{pulumi.get_project()}-{pulumi.get_stack()}"
        self._make_provider()
        self._make(called)
        self.node_pools = {key: NodePool.of(pool) for key, pool in options.pools().items()}
        self.load_balancer_annotations = _annotations(options.internal_load_balancers)
        self.register_outputs({"name": self.name, "kubeconfig": self.kubeconfig})

    def _make_provider(self) -> None:
        """Amazon's, and what is known of who it is."""
        from components.clusters.eks.provider import aws_provider, caller

        options, child = self._options, pulumi.ResourceOptions(parent=self)

        def provider(name: str, account: str | None) -> pulumi.ProviderResource:
            return aws_provider(
                name, options.settings("aws"), region=options.region, account=account, opts=child
            )

        name, pinned = f"{self._name}-aws", options.account
        # The one that refuses an account ends a preview, before the program can name the key.
        asked = provider(f"{name}-caller" if pinned else name, None)
        asking = pulumi.InvokeOptions(parent=self, provider=asked)
        account = checked_account("AWS", pinned, lambda: caller(asking))
        self._aws = provider(name, pinned) if pinned else asked
        self._made = pulumi.ResourceOptions(parent=self, providers=[self._aws])
        report_place("AWS", "aws", {"account": account, "region": options.region}, self)

    def _make(self, called: str) -> None:
        from components.clusters.eks.addons import Addons
        from components.clusters.eks.control_plane import ControlPlane, control_plane_role
        from components.clusters.eks.encryption import Encryption
        from components.clusters.eks.logs import Logs
        from components.clusters.eks.network import Network
        from components.clusters.eks.node_pools import NodePools, node_role
        from components.clusters.eks.policies import account
        from components.clusters.eks.registry import Registry

        name, options, made = self._name, self._options, self._made
        own = pulumi.ResourceOptions(parent=self, provider=self._aws)
        role = control_plane_role(f"{name}-control-plane-role", options.region, own)
        key = Encryption(
            f"{name}-encryption",
            key=options.encryption_key,
            region=options.region,
            account=account(role.arn),
            cluster_name=called,
            fleets=options.autoscaler == "karpenter",
            opts=made,
        ).arn
        logs = Logs(
            f"{name}-logs",
            cluster_name=called,
            key_arn=key,
            days=options.log_retention_days,
            containers=options.container_logs,
            opts=made,
        )
        network = Network(
            f"{name}-network", options.vpc, region=options.region, logs=logs, opts=made
        )
        registry = Registry(
            f"{name}-registry",
            cluster_name=called,
            repositories=options.repositories,
            key_arn=key,
            deletable=not options.deletion_protection,
            opts=made,
        )
        control_plane = ControlPlane(
            f"{name}-control-plane",
            options,
            cluster_name=called,
            role=role,
            network=network,
            logs=logs,
            key_arn=key,
            opts=made,
        )
        addons = Addons(f"{name}-addon", options, control_plane=control_plane, opts=own)
        pools = NodePools(
            f"{name}-nodes",
            options,
            control_plane=control_plane,
            subnets=network.private_subnets,
            role=node_role(f"{name}-node-role", options.region, registry.arns, own),
            key_arn=key,
            before=addons.before_nodes(),
            opts=made,
        )
        after = addons.after_nodes(pools.groups, key_arn=key, log_groups=logs.containers)
        self._control_plane, self.registry = control_plane, registry.url
        self.name = control_plane.name
        self.kubeconfig = self._kubeconfig(control_plane)
        self.workload_identity = {"cluster_arn": control_plane.cluster.arn}
        self._make_inside(network, control_plane, registry, [*pools.groups, *after], key)

    def _kubeconfig(self, control_plane: ControlPlane) -> pulumi.Output[str]:
        cluster, region = control_plane.cluster, self._options.region
        who = login(self._options.settings("aws"))
        return exec_kubeconfig(
            name=cluster.name,
            server=cluster.endpoint,
            certificate_authority=cluster.certificate_authority.apply(lambda it: str(it.data)),
            command="aws",
            arguments=[
                *("eks", "get-token", "--output", "json"),
                *("--region", region, "--cluster-name", cluster.name),
                *who.arguments,
            ],
            hint=_HINT,
            environment=who.environment,
        )

    def _make_inside(
        self,
        network: Network,
        control_plane: ControlPlane,
        registry: Registry,
        ready: list[pulumi.Resource],
        key: pulumi.Output[str],
    ) -> None:
        """What is made on the cluster when `ready` is there: its managed nodes and add-ons."""
        from components.clusters.eks.device_plugin import DevicePlugin
        from components.clusters.eks.storage import FileSystem, Storage

        name, options = self._name, self._options
        files = None
        if options.shared_storage:
            files = FileSystem(
                f"{name}-files",
                network=network,
                nodes=control_plane.security_group,
                key_arn=key,
                opts=self._made,
            )
            ready = [*ready, *files.targets]
        if options.autoscaler == "karpenter":
            from components.clusters.eks.karpenter import Karpenter

            karpenter = Karpenter(
                f"{name}-karpenter",
                options,
                control_plane=control_plane,
                subnets=network.private_subnets,
                repositories=registry.arns,
                key_arn=key,
                images=self._images,
                opts=self._on_the_cluster(f"{name}-karpenter-provider", ready),
            )
            # All that runs on its nodes goes before it drains them.
            ready = [*ready, *karpenter.pools]
        inside = self._on_the_cluster(f"{name}-provider", ready)
        self._storage = Storage(f"{name}-storage", key_arn=key, files=files, opts=inside)
        if options.autoscaler == "cluster-autoscaler":
            from components.clusters.eks.autoscaler import ClusterAutoscaler

            ClusterAutoscaler(
                f"{name}-autoscaler",
                control_plane=control_plane,
                region=options.region,
                minor=options.minor,
                images=self._images,
                opts=inside,
            )
        bare = [key for key, pool in options.node_pools.items() if pool.wants_device_plugin]
        if bare:
            DevicePlugin(f"{name}-gpus", bare, self._images, inside)

    def _on_the_cluster(
        self, name: str, after: Sequence[pulumi.Resource]
    ) -> pulumi.ResourceOptions:
        """For objects that are made after `after` and deleted before it; `provider` is the last."""
        self.provider = kubernetes_provider(
            name,
            self._options.settings("kubernetes"),
            pulumi.ResourceOptions(parent=self, depends_on=after),
            kubeconfig=self.kubeconfig,
        )
        return pulumi.ResourceOptions(parent=self, providers=[self._aws, self.provider])

    def identity(
        self,
        service_account: str,
        namespace: pulumi.Input[str],
        bucket_access: Sequence[BucketAccess],
        opts: pulumi.ResourceOptions,
    ) -> Identity:
        """A role that reads the prefixes in S3, by EKS Pod Identity."""
        from components.clusters.eks.identity import identity

        return identity(
            service_account,
            namespace,
            bucket_access,
            cluster_name=self.name,
            cluster_arn=self._control_plane.cluster.arn,
            region=self._options.region,
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(provider=self._aws)),
        )

    def storage_class(self, requested: str | None, access_mode: str) -> pulumi.Input[str] | None:
        if requested is not None:
            return requested
        if access_mode == "ReadWriteOnce":
            return self._storage.disk_class
        return self._storage.file_class

    def publish(self, host: str, address: pulumi.Output[str]) -> None:
        """A record in the zone of Route 53 that the stack names."""
        if self._options.dns is None:
            return
        from components.clusters.eks.dns import record

        record(
            f"{self._name}-record",
            self._options.dns.zone,
            host,
            address,
            pulumi.ResourceOptions(parent=self, provider=self._aws),
        )


def _annotations(internal: bool) -> dict[str, Any]:
    """A network load balancer of the cloud controller that EKS runs, which nothing has to be
    installed for."""
    said = {
        f"{_BALANCER}-type": "nlb",
        f"{_BALANCER}-cross-zone-load-balancing-enabled": "true",
    }
    if internal:
        said[f"{_BALANCER}-internal"] = "true"
    return said
