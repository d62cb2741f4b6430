"""`EksCluster`: a cluster on Amazon EKS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pulumi

from components.clusters import version_support
from components.clusters.account import checked_account, report_place
from components.clusters.eks.addons import Addons
from components.clusters.eks.autoscaler import ClusterAutoscaler
from components.clusters.eks.control_plane import ControlPlane, control_plane_role
from components.clusters.eks.device_plugin import DevicePlugin
from components.clusters.eks.dns import Record
from components.clusters.eks.encryption import Encryption
from components.clusters.eks.identity import bucket_identity
from components.clusters.eks.karpenter import Karpenter
from components.clusters.eks.kubeconfig import kubeconfig
from components.clusters.eks.logs import Logs
from components.clusters.eks.network import Network
from components.clusters.eks.node_pools import NodePools, node_role
from components.clusters.eks.options import EksOptions
from components.clusters.eks.policies import account_of
from components.clusters.eks.provider import aws_provider, caller_account
from components.clusters.eks.registry import Registry
from components.clusters.eks.storage import FileSystem, Storage
from components.clusters.eks.versions import MINORS
from components.clusters.providers import kubernetes_provider
from components.contracts.cluster import NodePool
from components.contracts.identity import BucketAccess, Identity
from components.images import Images

_LOAD_BALANCER = "service.beta.kubernetes.io/aws-load-balancer"


class EksCluster(pulumi.ComponentResource):
    """An EKS cluster with its key, logs, network, node pools, add-ons, registry and StorageClasses.
    Kubernetes objects are created after the nodes and add-ons, and deleted before them. Amazon's
    SDK is imported only when a stack makes such a cluster."""

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
        if warning := version_support.warning(options.minor, MINORS, date.today()):
            pulumi.log.warn(warning, self)
        self._make_cloud_provider()
        self._make_cluster()
        self.node_pools = {key: NodePool.of(pool) for key, pool in options.pools().items()}
        self.load_balancer_annotations = _load_balancer_annotations(options.internal_load_balancers)
        self.register_outputs({"name": self.name, "kubeconfig": self.kubeconfig})

    def _make_cloud_provider(self) -> None:
        """The provider of AWS; checks and reports the account."""
        options, child = self._options, pulumi.ResourceOptions(parent=self)

        def provider(name: str, account: str | None) -> pulumi.ProviderResource:
            return aws_provider(
                name, options.settings("aws"), region=options.region, account=account, opts=child
            )

        name, pinned = f"{self._name}-aws", options.account
        # A provider with a pinned account fails a preview before the program can name the key of
        # the stack file. So another provider looks the account up.
        lookup = provider(f"{name}-caller" if pinned else name, None)
        invoke = pulumi.InvokeOptions(parent=self, provider=lookup)
        account = checked_account("AWS", pinned, lambda: caller_account(invoke))
        self._aws = provider(name, pinned) if pinned else lookup
        self._cloud = pulumi.ResourceOptions(parent=self, providers=[self._aws])
        report_place("AWS", "aws", {"account": account, "region": options.region}, self)

    def _make_cluster(self) -> None:
        name, options, cloud = self._name, self._options, self._cloud
        cluster_name = options.name or f"{pulumi.get_project()}-{pulumi.get_stack()}"
        role = control_plane_role(
            f"{name}-control-plane-role",
            options.region,
            pulumi.ResourceOptions(parent=self, provider=self._aws),
        )
        self._key = Encryption(
            f"{name}-encryption",
            key=options.encryption_key,
            region=options.region,
            account=account_of(role.arn),
            cluster_name=cluster_name,
            fleets=options.autoscaler == "karpenter",
            opts=cloud,
        ).key
        self._logs = Logs(
            f"{name}-logs",
            cluster_name=cluster_name,
            key_arn=self._key,
            days=options.log_retention_days,
            containers=options.container_logs,
            opts=cloud,
        )
        self._network = Network(
            f"{name}-network", options.vpc, region=options.region, logs=self._logs, opts=cloud
        )
        self._registry = Registry(
            f"{name}-registry",
            cluster_name=cluster_name,
            repositories=options.repositories,
            key_arn=self._key,
            deletable=not options.deletion_protection,
            opts=cloud,
        )
        self._control_plane = ControlPlane(
            f"{name}-control-plane",
            options,
            cluster_name=cluster_name,
            role=role,
            network=self._network,
            logs=self._logs,
            key_arn=self._key,
            opts=cloud,
        )
        self.name, self.registry = self._control_plane.name, self._registry.url
        self.kubeconfig = kubeconfig(self._control_plane, options)
        self.workload_identity = {"cluster_arn": self._control_plane.cluster.arn}
        self._make_objects(self._make_nodes())

    def _make_nodes(self) -> list[pulumi.Resource]:
        """The managed nodes and the add-ons, on which all Kubernetes objects depend."""
        name, options = self._name, self._options
        child = pulumi.ResourceOptions(parent=self, provider=self._aws)
        addons = Addons(f"{name}-addon", options, control_plane=self._control_plane, opts=child)
        pools = NodePools(
            f"{name}-nodes",
            options,
            control_plane=self._control_plane,
            subnets=self._network.private_subnets,
            role=node_role(f"{name}-node-role", options.region, self._registry.arns, child),
            key_arn=self._key,
            depends_on=addons.make_before_nodes(),
            opts=self._cloud,
        )
        after_nodes = addons.make_after_nodes(
            pools.ready, key_arn=self._key, log_groups=self._logs.containers
        )
        return [*pools.ready, *after_nodes]

    def _make_objects(self, ready: list[pulumi.Resource]) -> None:
        """The Kubernetes objects of the cluster itself, which depend on `ready`."""
        name, options = self._name, self._options
        files = None
        if options.shared_storage:
            files = FileSystem(
                f"{name}-files",
                network=self._network,
                nodes=self._control_plane.security_group,
                key_arn=self._key,
                opts=self._cloud,
            )
            ready = [*ready, *files.targets]
        if options.autoscaler == "karpenter":
            # All that runs on Karpenter's nodes is deleted before Karpenter drains them.
            ready = [*ready, *self._make_karpenter(ready)]
        kubernetes = self._make_kubernetes_provider(f"{name}-provider", ready)
        self._storage = Storage(f"{name}-storage", key_arn=self._key, files=files, opts=kubernetes)
        if options.autoscaler == "cluster-autoscaler":
            ClusterAutoscaler(
                f"{name}-autoscaler",
                control_plane=self._control_plane,
                region=options.region,
                minor=options.minor,
                images=self._images,
                opts=kubernetes,
            )
        pools = [key for key, pool in options.node_pools.items() if pool.needs_device_plugin]
        if pools:
            DevicePlugin(f"{name}-gpus", pools, self._images, kubernetes)

    def _make_karpenter(self, ready: list[pulumi.Resource]) -> Sequence[pulumi.Resource]:
        """Karpenter, with a Kubernetes provider of its own; returns its NodePools."""
        name = f"{self._name}-karpenter"
        return Karpenter(
            name,
            self._options,
            control_plane=self._control_plane,
            subnets=self._network.private_subnets,
            repositories=self._registry.arns,
            key_arn=self._key,
            images=self._images,
            opts=self._make_kubernetes_provider(f"{name}-provider", ready),
        ).pools

    def _make_kubernetes_provider(
        self, name: str, depends_on: Sequence[pulumi.Resource]
    ) -> pulumi.ResourceOptions:
        """Options for objects that are created after `depends_on`, and deleted before them. The
        last provider that is made is the cluster's `provider`."""
        self.provider = kubernetes_provider(
            name,
            self._options.settings("kubernetes"),
            pulumi.ResourceOptions(parent=self, depends_on=depends_on),
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
        """An IAM role that reads the prefixes in S3, by EKS Pod Identity."""
        return bucket_identity(
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
        return self._storage.shared_class

    def publish(self, host: str, address: pulumi.Output[str]) -> None:
        """A record in the zone of Route 53, if the stack names one."""
        if self._options.dns is None:
            return

        Record(
            f"{self._name}-record",
            zone=self._options.dns.zone,
            host=host,
            address=address,
            opts=pulumi.ResourceOptions(parent=self, provider=self._aws),
        )


def _load_balancer_annotations(internal: bool) -> dict[str, str]:
    """Annotations for a network load balancer of the cloud controller that EKS runs. It needs no
    controller of the stack's own."""
    annotations = {
        f"{_LOAD_BALANCER}-type": "nlb",
        f"{_LOAD_BALANCER}-cross-zone-load-balancing-enabled": "true",
    }
    if internal:
        annotations[f"{_LOAD_BALANCER}-internal"] = "true"
    return annotations
