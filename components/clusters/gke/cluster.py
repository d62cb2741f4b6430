"""`GkeCluster`: a cluster in Google Kubernetes Engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pulumi

from components.clusters.account import report_place
from components.clusters.gke.options import GkeOptions
from components.clusters.gke.versions import MINORS
from components.clusters.providers import kubernetes_provider, make_provider
from components.clusters.support import warning
from components.contracts.cluster import NodePool
from components.contracts.identity import BucketAccess, Identity
from components.images import Images


class GkeCluster(pulumi.ComponentResource):
    """A regional cluster with private nodes, its network and key where the stack names none, a
    container registry, and a Kubernetes provider whose objects come after the nodes. It makes no
    project, and enables no API of it."""

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
        # Here, so that a stack file is read without the SDK.
        import pulumi_gcp as gcp

        from components.clusters.gke import storage
        from components.clusters.gke.control_plane import control_plane, kubeconfig
        from components.clusters.gke.encryption import encryption
        from components.clusters.gke.network import network
        from components.clusters.gke.node_pools import account, node_pools
        from components.clusters.gke.registry import registry

        if late := warning(options.minor, MINORS, date.today()):
            pulumi.log.warn(late, self)
        self._name, self._options = name, options
        google = make_provider(
            gcp.Provider,
            "gcp",
            f"{name}-google",
            options.settings("gcp"),
            pulumi.ResourceOptions(parent=self),
            project=options.project,
            region=options.region,
        )
        place = {"project": options.project, "region": options.region}
        report_place("Google Cloud", "gcp", place, self)
        self._google = pulumi.ResourceOptions(provider=google)
        child = pulumi.ResourceOptions(parent=self, provider=google)
        self._number = gcp.organizations.get_project_output(
            project_id=options.project, opts=pulumi.InvokeOptions(parent=self, provider=google)
        ).number
        net = network(name, options, child)
        key = encryption(name, options, self._number, child)
        nodes = account(name, options, child)
        cluster = control_plane(name, options, net, key, nodes.email, child)
        repository = registry(name, options, key, nodes.member, cluster, child)
        pools = node_pools(name, options, cluster, nodes, key, child)
        self.name = cluster.name
        self.kubeconfig = kubeconfig(cluster, options)
        self.provider = kubernetes_provider(
            f"{name}-provider",
            options.settings("kubernetes"),
            pulumi.ResourceOptions(parent=self, depends_on=[*pools, repository.pull]),
            kubeconfig=self.kubeconfig,
        )
        self._disk, self._shared = storage.storage_classes(
            name,
            options,
            net,
            key,
            pulumi.ResourceOptions(parent=self, provider=self.provider),
        )
        self.node_pools = {key: NodePool.of(pool) for key, pool in options.pools().items()}
        # A regional load balancer that knows which nodes are well; only when the Service is made.
        self.load_balancer_annotations = {"cloud.google.com/l4-rbs": "enabled"}
        self.registry = repository.address
        self.workload_identity = {"project": options.project, "project_number": self._number}
        self.register_outputs(
            {"name": self.name, "kubeconfig": self.kubeconfig, "registry": self.registry}
        )

    def identity(
        self,
        service_account: str,
        namespace: pulumi.Input[str],
        bucket_access: Sequence[BucketAccess],
        opts: pulumi.ResourceOptions,
    ) -> Identity:
        """Leave to read buckets of Cloud Storage; raises `pulumi.RunError` for others."""
        from components.clusters.gke.identity import readers

        if others := [access.url for access in bucket_access if not access.url.startswith("gs://")]:
            raise pulumi.RunError(
                f"slipway:cluster.kind is `{self.kind}`: its pods cannot read {', '.join(others)} "
                "by an identity of their own; write `credentials`, or copy the files to `gs://`"
            )
        opts = pulumi.ResourceOptions.merge(opts, self._google)
        project = self._options.project
        made = readers(service_account, namespace, bucket_access, project, self._number, opts)
        return Identity(needs=made)

    def storage_class(self, requested: str | None, access_mode: str) -> pulumi.Input[str] | None:
        """Disks, and Filestore where many nodes write; what is asked for by name otherwise."""
        return requested or (self._shared if access_mode == "ReadWriteMany" else self._disk)

    def publish(self, host: str, address: pulumi.Output[str]) -> None:
        from components.clusters.gke.dns import record

        if self._options.dns:
            opts = pulumi.ResourceOptions.merge(pulumi.ResourceOptions(parent=self), self._google)
            record(self._name, self._options, self._options.dns, host, address, opts)
