"""`GkeCluster`: a cluster on Google Kubernetes Engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pulumi
import pulumi_gcp as gcp

from components.clusters import version_support
from components.clusters.account import report_place
from components.clusters.gke.control_plane import ControlPlane
from components.clusters.gke.dns import Record
from components.clusters.gke.encryption import Encryption
from components.clusters.gke.identity import bucket_identity
from components.clusters.gke.kubeconfig import kubeconfig
from components.clusters.gke.network import Network
from components.clusters.gke.node_pools import NodeAccount, NodePools
from components.clusters.gke.options import GkeOptions
from components.clusters.gke.provider import gcp_provider
from components.clusters.gke.registry import Registry
from components.clusters.gke.storage import Storage
from components.clusters.gke.versions import MINORS
from components.clusters.providers import kubernetes_provider
from components.contracts.cluster import NodePool
from components.contracts.identity import BucketAccess, Identity
from components.images import Images


class GkeCluster(pulumi.ComponentResource):
    """A regional cluster with private nodes, a registry, and a network and a key unless the stack
    names existing ones. Kubernetes objects are created after the nodes. The project has to exist,
    with the APIs enabled."""

    kind = "gke"
    adopts = False

    node_pools: Mapping[str, NodePool]
    load_balancer_annotations: Mapping[str, str]
    load_balancer_class: str | None = None
    external_traffic_policy: str | None = "Local"
    workload_identity: Mapping[str, pulumi.Input[str]]
    registry: pulumi.Output[str] | None
    name: pulumi.Output[str]
    kubeconfig: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        options: GkeOptions,
        images: Images | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:clusters:GkeCluster", name, None, opts)
        self._name, self._options = name, options
        if warning := version_support.warning(options.minor, MINORS, date.today()):
            pulumi.log.warn(warning, self)
        self._make_cloud_provider()
        self._make_cluster()
        self.node_pools = {key: NodePool.of(pool) for key, pool in options.pools().items()}
        # A regional load balancer with health checks of the nodes. The annotation works only when
        # the Service is created.
        self.load_balancer_annotations = {"cloud.google.com/l4-rbs": "enabled"}
        self.workload_identity = {
            "project": options.project,
            "project_number": self._project_number,
        }
        self.register_outputs(
            {"name": self.name, "kubeconfig": self.kubeconfig, "registry": self.registry}
        )

    def _make_cloud_provider(self) -> None:
        """The provider of Google Cloud; reports the project and reads its number."""
        # Imported here, so that a stack file is validated without the SDK.

        options = self._options
        google = gcp_provider(
            f"{self._name}-google",
            options.settings("gcp"),
            project=options.project,
            region=options.region,
            opts=pulumi.ResourceOptions(parent=self),
        )
        place = {"project": options.project, "region": options.region}
        report_place("Google Cloud", "gcp", place, self)
        self._google = pulumi.ResourceOptions(provider=google)
        self._cloud = pulumi.ResourceOptions(parent=self, provider=google)
        self._project_number = gcp.organizations.get_project_output(
            project_id=options.project, opts=pulumi.InvokeOptions(parent=self, provider=google)
        ).number

    def _make_cluster(self) -> None:
        name, options, cloud = self._name, self._options, self._cloud
        network = Network(name, options, opts=cloud)
        encryption = Encryption(name, options, project_number=self._project_number, opts=cloud)
        account = NodeAccount(name, options, opts=cloud)
        control_plane = ControlPlane(
            name, options, network=network, encryption=encryption, nodes=account.email, opts=cloud
        )
        cluster = control_plane.cluster
        registry = Registry(
            name, options, encryption=encryption, nodes=account.member, cluster=cluster, opts=cloud
        )
        pools = NodePools(
            name, options, cluster=cluster, account=account, encryption=encryption, opts=cloud
        )
        self.name, self.registry = control_plane.name, registry.url
        self.kubeconfig = kubeconfig(control_plane, options)
        self.provider = kubernetes_provider(
            f"{name}-provider",
            options.settings("kubernetes"),
            pulumi.ResourceOptions(parent=self, depends_on=[*pools.ready, *registry.ready]),
            kubeconfig=self.kubeconfig,
        )
        self._storage = Storage(
            name,
            options,
            network=network,
            encryption=encryption,
            opts=pulumi.ResourceOptions(parent=self, provider=self.provider),
        )

    def identity(
        self,
        service_account: str,
        namespace: pulumi.Input[str],
        bucket_access: Sequence[BucketAccess],
        opts: pulumi.ResourceOptions,
    ) -> Identity:
        """Read access to prefixes in Cloud Storage."""
        return bucket_identity(
            service_account,
            namespace,
            bucket_access,
            project=self._options.project,
            project_number=self._project_number,
            opts=pulumi.ResourceOptions.merge(opts, self._google),
        )

    def storage_class(self, requested: str | None, access_mode: str) -> pulumi.Input[str] | None:
        if requested:
            return requested
        if access_mode == "ReadWriteMany":
            return self._storage.shared_class
        return self._storage.disk_class

    def publish(self, host: str, address: pulumi.Output[str]) -> None:
        """A record in the zone of Cloud DNS, if the stack names one."""
        if self._options.dns is None:
            return

        Record(
            f"{self._name}-record",
            project=self._options.project,
            zone=self._options.dns,
            host=host,
            address=address,
            opts=self._cloud,
        )
