"""`AckCluster`: a cluster on Alibaba Cloud's ACK. Alibaba Cloud's SDK is imported when a stack
makes one: it is not in everybody's environment."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import pulumi

from components.clusters import support
from components.clusters.account import checked_account, report_place
from components.clusters.ack.names import cluster_name, ram_name
from components.clusters.ack.options import AckOptions
from components.clusters.ack.provider_keys import login
from components.clusters.ack.versions import MINORS, REGISTRY_ADDON
from components.clusters.providers import ambient, kubernetes_provider, make_provider
from components.contracts.cluster import NodePool
from components.contracts.identity import BucketAccess, Identity
from components.images import Images

if TYPE_CHECKING:
    from pulumi_kubernetes import Provider

    from components.clusters.ack.addons import Addons
    from components.clusters.ack.control_plane import ControlPlane
    from components.clusters.ack.network import Network
    from components.clusters.ack.node_pools import NodePools

_SERVICE = "service.beta.kubernetes.io/alibaba-cloud-loadbalancer"


class AckCluster(pulumi.ComponentResource):
    """An ACK managed Pro cluster with everything under it: a key, logs, a network, node pools,
    add-ons and storage classes. What is deployed on it comes after its nodes and add-ons, and goes
    before them."""

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
        self._called = cluster_name(pulumi.get_stack())
        if late := support.warning(options.minor, MINORS, date.today()):
            pulumi.log.warn(late, self)
        #: Of everything that is made in the cloud.
        self._inside = pulumi.ResourceOptions(parent=self, providers=[self._make_cloud()])
        network, control_plane, pools, addons = self._make()
        self.name = control_plane.cluster.name
        self.kubeconfig = self._kubeconfig(control_plane)
        self.provider = self._make_provider([*pools.made, *addons.made.values()])
        self._make_storage(network)
        self.node_pools = {key: NodePool.of(pool) for key, pool in options.pools().items()}
        self.load_balancer_annotations = self._annotations(network)
        self.workload_identity = {
            "region": options.region,
            "oidc_provider_arn": self._oidc.arn,
            "oidc_issuer": self._oidc.issuer,
        }
        self.register_outputs({"name": self.name, "kubeconfig": self.kubeconfig})

    def _make_cloud(self) -> pulumi.ProviderResource:
        """Alibaba Cloud's provider; checks which account it works in."""
        import pulumi_alicloud

        options, settings = self._options, self._options.settings("alicloud")
        cloud = make_provider(
            pulumi_alicloud.Provider,
            "alicloud",
            f"{self._name}-cloud",
            settings,
            pulumi.ResourceOptions(parent=self),
            region=options.region,
        )
        asking = pulumi.InvokeOptions(parent=self, provider=cloud)
        account = checked_account(
            "Alibaba Cloud",
            options.account or (settings["accountId"].text if "accountId" in settings else None),
            lambda: pulumi_alicloud.get_caller_identity(opts=asking).account_id,
        )
        place = {"account": account, "region": options.region}
        report_place("Alibaba Cloud", "alicloud", place, self)
        return cloud

    def _make(self) -> tuple[Network, ControlPlane, NodePools, Addons]:
        from components.clusters.ack.addons import COLLECTOR, Addons
        from components.clusters.ack.control_plane import ControlPlane
        from components.clusters.ack.identity import OidcProvider
        from components.clusters.ack.key import Key
        from components.clusters.ack.logs import Logs
        from components.clusters.ack.network import Network
        from components.clusters.ack.node_pools import NodePools
        from components.clusters.ack.registry import Registry

        name, called, options, inside = self._name, self._called, self._options, self._inside
        self._key = Key(f"{name}-encryption", options, inside).id
        logs = Logs(
            f"{name}-logs", options.log_project or f"{called}-logs", options.log_days, inside
        )
        network = Network(f"{name}-network", options.vpc, logs, inside)
        control_plane = ControlPlane(
            f"{name}-control-plane", called, options, network, logs, self._key, inside
        )
        self._cluster, self._oidc = control_plane.cluster, OidcProvider.of(control_plane.cluster)
        pools = NodePools(
            f"{name}-pool",
            ram_name(called, "nodes"),
            options,
            self._cluster.id,
            network.nodes,
            self._key,
            inside,
        )
        extra = {}
        if options.registry:
            registry = Registry(
                f"{name}-registry", called, options.region, options.registry, self._cluster, inside
            )
            extra[REGISTRY_ADDON] = registry.config
        addons = Addons(f"{name}-addon", self._cluster.id, logs.project, extra, pools.made, inside)
        logs.collect(self._cluster.id, addons.made[COLLECTOR])
        return network, control_plane, pools, addons

    def _make_storage(self, network: Network) -> None:
        from components.clusters.ack.storage import Storage

        self._storage = Storage(
            f"{self._name}-storage",
            self._called,
            self._key,
            network,
            self._options.vpc.cidr,
            self.provider,
            shared=self._options.shared_storage,
            opts=self._inside,
        )

    def _make_provider(self, needs: Sequence[pulumi.Resource]) -> Provider:
        return kubernetes_provider(
            f"{self._name}-provider",
            self._options.settings("kubernetes"),
            pulumi.ResourceOptions(parent=self, depends_on=list(needs)),
            kubeconfig=self.kubeconfig,
        )

    def _kubeconfig(self, control_plane: ControlPlane) -> pulumi.Output[str]:
        who = login(self._options.settings("alicloud"), ambient("alicloud", "profile"))
        return pulumi.Output.secret(
            pulumi.Output.all(
                control_plane.server, control_plane.authority, self._cluster.id, self.name, who
            ).apply(lambda it: json.dumps(kubeconfig(*it), sort_keys=True))
        )

    def _annotations(self, network: Network) -> dict[str, pulumi.Input[str]]:
        """A network load balancer in all zones, whose backends are the pods themselves: they see
        who calls. The cloud's controller keeps others than `loadBalancerSourceRanges` out of this
        kind alone."""
        zones = [
            pulumi.Output.concat(zone, ":", vswitch) for zone, vswitch in network.nodes.items()
        ]
        return {
            f"{_SERVICE}-address-type": "internet",
            f"{_SERVICE}-zone-maps": pulumi.Output.all(*zones).apply(",".join),
            f"{_SERVICE}-cross-zone-enabled": "on",
            f"{_SERVICE}-preserve-client-ip": "on",
        }

    def identity(
        self,
        service_account: str,
        namespace: pulumi.Input[str],
        bucket_access: Sequence[BucketAccess],
        opts: pulumi.ResourceOptions,
    ) -> Identity:
        """A role that mounts of the directories in OSS run by."""
        from components.clusters.ack.identity import oss_identity

        return oss_identity(
            service_account,
            namespace,
            bucket_access,
            called=self._called,
            oidc=self._oidc,
            provider=self.provider,
            opts=pulumi.ResourceOptions.merge(self._inside, opts),
        )

    def storage_class(self, requested: str | None, access_mode: str) -> pulumi.Input[str] | None:
        if requested is not None:
            return requested
        if access_mode == "ReadWriteOnce":
            return self._storage.disks
        if self._storage.shared is None:
            raise pulumi.RunError(
                f"slipway:volumes has a volume of access mode `{access_mode}`, and no disk is on "
                "several nodes: write `shared_storage: true` under slipway:cluster, or name a "
                "`storage_class`"
            )
        return self._storage.shared

    def publish(self, host: str, address: pulumi.Output[str]) -> None:
        """A record in the zone, where the stack names one."""
        if self._options.dns is None:
            return
        from components.clusters.ack.dns import Record

        Record(f"{self._name}-dns", self._options.dns.zone, host, address, self._inside)


def kubeconfig(
    server: str, authority: str, identifier: str, name: str, who: Sequence[str] = ()
) -> dict[str, Any]:
    """Credentials by `ack-ram-tool`, which asks ACK for a certificate of an hour, by the RAM
    identity of who runs it. `get-token` would need a mapping in the cluster that is not there when
    it is made."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": name,
                "cluster": {"server": server, "certificate-authority-data": authority},
            }
        ],
        "users": [
            {
                "name": name,
                "user": {
                    "exec": {
                        "apiVersion": "client.authentication.k8s.io/v1",
                        "command": "ack-ram-tool",
                        "args": [
                            "credential-plugin",
                            "get-credential",
                            "--cluster-id",
                            identifier,
                            "--api-version",
                            "v1",
                            "--expiration",
                            "60m",
                            "--log-level",
                            "error",
                            *who,
                        ],
                        "interactiveMode": "Never",
                        "provideClusterInfo": False,
                        "installHint": "https://github.com/AliyunContainerService/ack-ram-tool",
                    }
                },
            }
        ],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }
