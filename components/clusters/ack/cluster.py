"""`AckCluster`: a cluster on Alibaba Cloud's ACK. Alibaba Cloud's SDK is an optional dependency, so
it is imported only when a stack makes such a cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pulumi
import pulumi_alicloud

from components.clusters import version_support
from components.clusters.account import checked_account, report_place
from components.clusters.ack.addons import COLLECTOR, Addons
from components.clusters.ack.control_plane import ControlPlane
from components.clusters.ack.dns import Record
from components.clusters.ack.encryption import Encryption
from components.clusters.ack.identity import OidcProvider, bucket_identity
from components.clusters.ack.kubeconfig import kubeconfig
from components.clusters.ack.logs import Logs
from components.clusters.ack.names import cluster_name, ram_name
from components.clusters.ack.network import Network
from components.clusters.ack.node_pools import NodePools
from components.clusters.ack.options import AckOptions
from components.clusters.ack.provider import alicloud_provider
from components.clusters.ack.registry import Registry
from components.clusters.ack.storage import Storage
from components.clusters.ack.versions import MINORS, REGISTRY_ADDON
from components.clusters.providers import kubernetes_provider
from components.contracts.cluster import NodePool
from components.contracts.identity import BucketAccess, Identity
from components.images import Images

_SERVICE = "service.beta.kubernetes.io/alibaba-cloud-loadbalancer"


class AckCluster(pulumi.ComponentResource):
    """An ACK managed Pro cluster with its key, logs, network, node pools, add-ons and
    StorageClasses. Kubernetes objects are created after the nodes and add-ons, and deleted before
    them."""

    kind = "ack"
    adopts = False
    load_balancer_class: str | None = "alibabacloud.com/nlb"
    external_traffic_policy: str | None = None
    registry: pulumi.Output[str] | None = None

    workload_identity: Mapping[str, pulumi.Input[str]]
    name: pulumi.Output[str]
    kubeconfig: pulumi.Output[str]
    node_pools: Mapping[str, NodePool]
    load_balancer_annotations: Mapping[str, pulumi.Input[str]]

    def __init__(
        self,
        name: str,
        options: AckOptions,
        images: Images | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:clusters:AckCluster", name, None, opts)
        self._name, self._options = name, options
        self._cluster_name = cluster_name(pulumi.get_stack())
        if warning := version_support.warning(options.minor, MINORS, date.today()):
            pulumi.log.warn(warning, self)
        self._make_cloud_provider()
        self._make_cluster()
        self.node_pools = {key: NodePool.of(pool) for key, pool in options.pools().items()}
        self.register_outputs({"name": self.name, "kubeconfig": self.kubeconfig})

    def _make_cloud_provider(self) -> None:
        """The provider of Alibaba Cloud; checks and reports the account."""

        options, settings = self._options, self._options.settings("alicloud")
        alicloud = alicloud_provider(
            f"{self._name}-cloud",
            settings,
            region=options.region,
            opts=pulumi.ResourceOptions(parent=self),
        )
        invoke = pulumi.InvokeOptions(parent=self, provider=alicloud)
        account = checked_account(
            "Alibaba Cloud",
            options.account or (settings["accountId"].text if "accountId" in settings else None),
            lambda: pulumi_alicloud.get_caller_identity(opts=invoke).account_id,
        )
        place = {"account": account, "region": options.region}
        report_place("Alibaba Cloud", "alicloud", place, self)
        self._cloud = pulumi.ResourceOptions(parent=self, providers=[alicloud])

    def _make_cluster(self) -> None:
        name, options, cloud = self._name, self._options, self._cloud
        self._key = Encryption(f"{name}-encryption", options, cloud).key
        self._logs = Logs(
            f"{name}-logs",
            project=options.log_project or f"{self._cluster_name}-logs",
            days=options.log_days,
            opts=cloud,
        )
        self._network = Network(f"{name}-network", options.vpc, logs=self._logs, opts=cloud)
        self._control_plane = ControlPlane(
            f"{name}-control-plane",
            options,
            cluster_name=self._cluster_name,
            network=self._network,
            logs=self._logs,
            key=self._key,
            opts=cloud,
        )
        self._oidc = OidcProvider.of(self._control_plane.cluster)
        self.name = self._control_plane.name
        self.kubeconfig = kubeconfig(self._control_plane, options)
        self.provider = kubernetes_provider(
            f"{name}-provider",
            options.settings("kubernetes"),
            pulumi.ResourceOptions(parent=self, depends_on=self._make_nodes()),
            kubeconfig=self.kubeconfig,
        )
        self._storage = Storage(
            f"{name}-storage",
            cluster_name=self._cluster_name,
            key=self._key,
            network=self._network,
            cidr=options.vpc.cidr,
            shared=options.shared_storage,
            provider=self.provider,
            opts=cloud,
        )
        self.load_balancer_annotations = _load_balancer_annotations(self._network)
        self.workload_identity = {
            "region": options.region,
            "oidc_provider_arn": self._oidc.arn,
            "oidc_issuer": self._oidc.issuer,
        }

    def _make_nodes(self) -> list[pulumi.Resource]:
        """The node pools and add-ons, on which all Kubernetes objects depend."""
        name, options, cloud = self._name, self._options, self._cloud
        cluster = self._control_plane.cluster
        pools = NodePools(
            f"{name}-pool",
            options,
            cluster_id=cluster.id,
            vswitches=self._network.nodes,
            role_name=ram_name(self._cluster_name, "nodes"),
            key=self._key,
            opts=cloud,
        )
        extra = {}
        if options.registry:
            registry = Registry(
                f"{name}-registry",
                cluster_name=self._cluster_name,
                region=options.region,
                options=options.registry,
                cluster=cluster,
                opts=cloud,
            )
            extra[REGISTRY_ADDON] = registry.addon_config
        addons = Addons(
            f"{name}-addon",
            cluster_id=cluster.id,
            log_project=self._logs.project,
            extra=extra,
            nodes=pools.ready,
            opts=cloud,
        )
        self._logs.collect(cluster.id, addons.by_name[COLLECTOR])
        return [*pools.ready, *addons.by_name.values()]

    def identity(
        self,
        service_account: str,
        namespace: pulumi.Input[str],
        bucket_access: Sequence[BucketAccess],
        opts: pulumi.ResourceOptions,
    ) -> Identity:
        """A RAM role with which the CSI driver mounts the prefixes in OSS."""
        return bucket_identity(
            service_account,
            namespace,
            bucket_access,
            cluster_name=self._cluster_name,
            oidc=self._oidc,
            provider=self.provider,
            opts=pulumi.ResourceOptions.merge(self._cloud, opts),
        )

    def storage_class(self, requested: str | None, access_mode: str) -> pulumi.Input[str] | None:
        if requested is not None:
            return requested
        if access_mode == "ReadWriteOnce":
            return self._storage.disk_class
        return self._storage.shared_class

    def publish(self, host: str, address: pulumi.Output[str]) -> None:
        """A record in the zone of Alibaba Cloud DNS, if the stack names one."""
        if self._options.dns is None:
            return

        Record(
            f"{self._name}-dns",
            zone=self._options.dns.zone,
            host=host,
            address=address,
            opts=self._cloud,
        )


def _load_balancer_annotations(network: Network) -> dict[str, pulumi.Input[str]]:
    """Annotations for a network load balancer in all zones whose backends are the pods, so that
    these see the caller's address. Only for this kind of load balancer the cloud's controller
    enforces `loadBalancerSourceRanges`."""
    zones = [pulumi.Output.concat(zone, ":", vswitch) for zone, vswitch in network.nodes.items()]
    return {
        f"{_SERVICE}-address-type": "internet",
        f"{_SERVICE}-zone-maps": pulumi.Output.all(*zones).apply(",".join),
        f"{_SERVICE}-cross-zone-enabled": "on",
        f"{_SERVICE}-preserve-client-ip": "on",
    }
