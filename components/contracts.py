"""What a cluster, a gateway, a runtime and a model source promise each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import pulumi

from components.config.accelerators import Accelerator, NodePoolOptions
from components.config.model_options import ModelOptions
from components.config.stack_config import LimitsOptions
from components.images import Images
from components.kubernetes_object import Fields, KubernetesObject
from components.protocols import ServingProtocol

if TYPE_CHECKING:
    from pulumi_kubernetes import Provider

#: The gateway's TLS port.
TLS_PORT = 443


@dataclass(frozen=True, kw_only=True)
class NodePool:
    """Nodes to schedule by: all of `labels` on them, `taints` as Kubernetes writes them
    (`key=value:effect`), `accelerator` what each of them has."""

    labels: Mapping[str, str] = field(default_factory=dict)
    taints: Sequence[str] = ()
    accelerator: Accelerator | None = None

    @classmethod
    def of(cls, pool: NodePoolOptions) -> NodePool:
        """The nodes that `pool` describes."""
        return cls(labels=pool.labels, taints=pool.taints, accelerator=pool.accelerator)


@dataclass(frozen=True, kw_only=True)
class Grant:
    """Leave to read everything below a bucket's prefix."""

    url: str


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What lets the pods of a service account in: `annotations` of the account, and resources
    (`needs`) that have to be there before its first pod is. Or, where the cloud's CSI driver reads
    the bucket in their place, `mount`: attributes of a volume that it mounts."""

    annotations: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    needs: Sequence[pulumi.Resource] = ()
    mount: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class Cluster(Protocol):
    """Where a stack runs. It is constructed as `Cluster(name, options, images)`."""

    kind: str
    name: pulumi.Output[str]
    provider: Provider
    kubeconfig: pulumi.Output[str]
    """A secret."""
    node_pools: Mapping[str, NodePool]
    load_balancer_annotations: Mapping[str, pulumi.Input[str]]
    """What a Service of type LoadBalancer needs to be reachable from outside."""
    load_balancer_class: str | None
    """Its `loadBalancerClass`; None is the cluster's default."""
    external_traffic_policy: str | None
    """That of Services of type LoadBalancer: `Local` keeps the caller's address. None where the
    load balancer does not keep it anyway."""
    registry: pulumi.Output[str] | None
    """Where images are pushed that the nodes may pull; None where the stack makes none."""
    adopts: bool
    """Whether objects that exist are taken over: nobody but the stack writes to the cluster."""
    workload_identity: Mapping[str, pulumi.Input[str]]
    """What another stack has to be told to give its pods identities on this cluster: exported, and
    so never a secret. Empty where the cluster has no workload identity."""
    default_controller: str
    """What serves the routes where the stack does not choose."""
    default_metrics: str
    """What serves `metrics.k8s.io` where the stack does not choose: `present` on a cluster that
    comes with it."""

    def identity(
        self,
        service_account: str,
        namespace: pulumi.Input[str],
        grants: Sequence[Grant],
        opts: pulumi.ResourceOptions,
    ) -> Identity:
        """Let the pods of `service_account` use `grants`, and nothing else, without a static key.
        `opts` are for the resources that it makes; their names begin with the account's.

        Raises `pulumi.RunError` where the cluster has no workload identity.
        """
        ...

    def storage_class(self, requested: str | None, access_mode: str) -> pulumi.Input[str] | None:
        """The name of the StorageClass to use; None is the cluster's default."""
        ...

    def publish(self, host: str, address: pulumi.Output[str]) -> None:
        """Let `host` resolve to the gateway's `address`, a name or an IP address, where the stack
        names a DNS zone; else nothing."""
        ...


@dataclass(frozen=True, kw_only=True)
class Backend:
    """A server's Service, and the labels of the pods behind it. A port is None where the server
    does not speak that protocol. `streaming` routes the streaming methods of gRPC, too."""

    runtime: str
    protocol: ServingProtocol
    service: pulumi.Output[str]
    namespace: pulumi.Output[str]
    selector: Mapping[str, pulumi.Input[str]]
    grpc_port: int | None
    rest_port: int | None
    streaming: bool = False


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """How one model is called: `outputs` are a public interface, which clients and other stacks
    read. The model answers there once its `server`, a Deployment, and its `routes` are deployed."""

    runtime: str
    protocol: str
    grpc: pulumi.Output[dict[str, Any]] | None
    rest: pulumi.Output[dict[str, str]] | None
    server: pulumi.CustomResource
    routes: Sequence[pulumi.CustomResource] = ()

    def outputs(self) -> dict[str, Any]:
        """The endpoint as it is exported: None where the model does not speak that."""
        return {
            "runtime": self.runtime,
            "protocol": self.protocol,
            "grpc": self.grpc,
            "rest": self.rest,
        }


class Gateway(Protocol):
    """How models are reached from outside the cluster."""

    address: pulumi.Output[str]
    """Host name or IP address to connect to."""
    host: pulumi.Output[str]
    """The name in the certificate and in `Host`: the address where there is no name."""
    ca_certificate: pulumi.Output[str | None]
    """PEM of the authority that signed the certificate; never a secret."""
    clients: Sequence[Fields]
    """Who calls the models' pods: peers of a NetworkPolicy."""

    def route(self, model: str, runtime: Runtime, opts: pulumi.ResourceOptions) -> Endpoint:
        """Make `model` reachable: after it answers, and no longer when it stops."""
        ...


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A PersistentVolumeClaim of the stack's own; `one_node`: one node at a time can mount it."""

    name: pulumi.Output[str]
    one_node: bool


@dataclass(frozen=True, kw_only=True)
class ModelFiles:
    """One model's files in a pod, as parts of a pod's spec.

    `path` is the absolute directory that holds the model's versions. `volumes` of one name are the
    same volume. `fetch` are init containers, without what every container of a pod has
    (`components/workload.py`). All pods that have one of the labels `node_mates` run on one node.
    `egress` are rules of a NetworkPolicy for what `fetch` connects to."""

    path: str
    volumes: Sequence[Fields] = ()
    mounts: Sequence[Fields] = ()
    fetch: Sequence[Fields] = ()
    node_mates: Mapping[str, str] = field(default_factory=dict)
    egress: Sequence[Fields] = ()


class ModelSource(Protocol):
    """Where a model's files come from. It is constructed with its options and `SourceArgs`."""

    grants: Sequence[Grant]
    """What the pod's service account reads them by; empty where no identity is needed."""

    def files(self, at: str | None, identity: Identity = ...) -> ModelFiles:
        """The model's files, in the absolute directory `at`, or wherever suits the source. One with
        `grants` is told the identity that has them."""
        ...


@dataclass(frozen=True, kw_only=True)
class SourceArgs:
    """Everything a source is told; `opts` are for the objects that it makes."""

    model: str
    namespace: pulumi.Output[str]
    claims: Mapping[str, Claim]
    images: Images
    opts: pulumi.ResourceOptions


@dataclass(frozen=True, kw_only=True)
class ServedModel:
    """One model of a server."""

    name: str
    options: ModelOptions
    source: ModelSource


@dataclass(frozen=True, kw_only=True)
class ServerArgs:
    """Everything a runtime is told of a server. `options` are its models' where they speak of the
    whole server; `clients` are who may call it; `secrets` are those of the stack. Another
    `generation` is another Deployment and Service, beside the old ones until these are not needed;
    None for a server that models do not share."""

    models: Sequence[ServedModel]
    options: ModelOptions
    cluster: Cluster
    namespace: pulumi.Output[str]
    images: Images
    limits: LimitsOptions
    clients: Sequence[Fields]
    secrets: Mapping[str, pulumi.Output[str]]
    generation: pulumi.Output[str] | None = None


class Runtime(pulumi.ComponentResource):
    """One server and its models, constructed as `Runtime(name, ServerArgs, opts)`. It is there
    when all of them answer."""

    backend: Backend
    deployment: KubernetesObject
