"""`ModelServer`: what every runtime makes of the program that it runs."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import pulumi

from components import workload
from components.config.durations import seconds
from components.config.quantities import byte_count, cores
from components.config.stack_config import LimitsOptions
from components.contracts import (
    Backend,
    Identity,
    ModelFiles,
    Runtime,
    ServedModel,
    ServerArgs,
)
from components.generations import LABEL
from components.kubernetes_object import Fields, KubernetesObject
from components.placement import placement
from components.protocols import ServingProtocol
from components.runtimes import autoscaler, server_service, stack_settings

#: TensorFlow Serving and Triton parse JSON by RapidJSON, which holds 16 bytes for each value, some of
#: them twice, and a value is two bytes of text at least. Measured on Triton: 17.
MEMORY_PER_JSON_BYTE = 24
#: Where `Program.configuration` is mounted.
CONFIGURATION = "/config"


@dataclass(frozen=True, kw_only=True)
class Program:
    """How a server is run. A port is None where the server does not speak that. `configuration`
    are files in `/config`; `prepare` init containers that run when the models' files are there;
    `cpu` and `memory` request and limit where the stack says nothing. `arguments` that the stack
    file sets too are left to it. `streaming` routes the streaming methods of gRPC."""

    command: Sequence[str] | None
    arguments: Sequence[str]
    protocol: ServingProtocol
    grpc_port: int | None
    rest_port: int | None
    startup_probe: Fields
    readiness_probe: Fields
    liveness_probe: Fields
    cpu: tuple[str, str]
    memory: tuple[str, str]
    environment: Mapping[str, str] = field(default_factory=dict)
    environment_from: Mapping[str, Fields] = field(default_factory=dict)
    user: int = workload.USER_ID
    configuration: Mapping[str, str] = field(default_factory=dict)
    volumes: Sequence[Fields] = ()
    mounts: Sequence[Fields] = ()
    prepare: Sequence[Fields] = ()
    streaming: bool = False

    @property
    def ports(self) -> dict[str, int]:
        named = {"grpc": self.grpc_port, "rest": self.rest_port}
        return {name: port for name, port in named.items() if port is not None}


def default_memory(limits: LimitsOptions, base: int) -> tuple[str, str]:
    """Request and limit of a server that holds `base` bytes besides one request of the largest
    size."""
    held = base + MEMORY_PER_JSON_BYTE * byte_count(limits.message_size)
    return "256Mi", f"{-(-held // 2**20)}Mi"


class ModelServer(Runtime):
    """A Deployment of one server, its configuration, its Service, and the leave for the gateway to
    call it. A runtime says by `program` what is run, by `directory` where it wants a model."""

    kind: ClassVar[str]
    """The registry's name of the runtime, and the pods' `app.kubernetes.io/name`."""

    def __init__(
        self, name: str, args: ServerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"slipway:runtimes:{type(self).__name__}", name, None, opts)
        self._name, self.args = name, args
        self._labels = workload.labels(self.kind, name)
        self._generation = {} if args.generation is None else {LABEL: args.generation}
        self._child = pulumi.ResourceOptions(parent=self)
        stack_settings.warn_of_old_names(args.models, self)
        self._identity = self._make_identity()
        self._files = {model.name: self._files_of(model) for model in args.models}
        program = self.program(self._files)
        server = self._make_workload(program)
        service = self._make_service(program, server, self._child)
        self._make_network_policy(program)
        workload.disruption_budget(f"{name}-budget", server, args.namespace, self._child)
        self._make_deployment(server)
        self.backend = Backend(
            runtime=self.kind,
            protocol=program.protocol,
            service=service.name,
            namespace=args.namespace,
            selector=server.selector,
            grpc_port=program.grpc_port,
            rest_port=program.rest_port,
            streaming=program.streaming,
        )
        self.register_outputs({"service": self.backend.service})

    @abstractmethod
    def program(self, files: Mapping[str, ModelFiles]) -> Program:
        """How to serve `files`, by the models' names."""

    def directory(self, model: str) -> str | None:
        """The absolute directory in which the server finds `model`; None where it is told one."""
        return None

    def _files_of(self, model: ServedModel) -> ModelFiles:
        at = self.directory(model.name)
        if not model.source.grants:
            return model.source.files(at)
        return model.source.files(at, self._identity)

    def _make_identity(self) -> Identity:
        grants = [grant for model in self.args.models for grant in model.source.grants]
        if not grants:
            return Identity()
        return self.args.cluster.identity(self._name, self.args.namespace, grants, self._child)

    def _make_workload(self, program: Program) -> workload.Workload:
        args, files = self.args, self._files.values()
        requests, limits = args.options.resources.requests, args.options.resources.limits
        volumes = [volume for each in files for volume in each.volumes]
        mounts: list[Fields] = []
        for mount in (mount for each in files for mount in each.mounts):
            if mount not in mounts:  # two models in one volume
                mounts.append(mount)
        if program.configuration:
            volumes.append({"name": "config", "configMap": {"name": self._make_config(program)}})
            mounts.append({"name": "config", "mountPath": CONFIGURATION, "readOnly": True})
        return workload.Workload(
            labels=self._labels,
            generation=self._generation,
            image=args.images.resolve(args.options.server_image()),
            pull_policy=args.images.pull_policy,
            pull_secrets=args.images.pull_secrets,
            command=program.command,
            arguments=stack_settings.arguments(program.arguments, args.options),
            environment={**program.environment, **stack_settings.plain_variables(args.options)},
            environment_from={**program.environment_from, **self._secret_variables()},
            user=program.user,
            surge=args.options.surge,
            placement=placement(
                args.options.accelerator, args.cluster.node_pools, args.options.node_pool
            ),
            ports=program.ports,
            startup_probe=program.startup_probe,
            readiness_probe=program.readiness_probe,
            liveness_probe=program.liveness_probe,
            cpu=workload.amounts(requests.cpu, limits.cpu, program.cpu, cores),
            memory=workload.amounts(requests.memory, limits.memory, program.memory, byte_count),
            replicas=args.options.replicas.min,
            most_replicas=args.options.replicas.most,
            deadline=seconds(args.limits.deadline),
            drain=seconds(args.limits.drain),
            startup=seconds(args.options.startup_timeout),
            node_mates={key: value for each in files for key, value in each.node_mates.items()},
            fetch=[*(container for each in files for container in each.fetch), *program.prepare],
            service_account=self._make_service_account(),
            volumes=[*volumes, *program.volumes],
            mounts=[*mounts, *program.mounts],
        )

    def _make_service_account(self) -> pulumi.Output[str] | None:
        """Where a pod needs leave to read a bucket; clouds give it to an account by its name."""
        identity = self._identity
        if identity.mount or not any(model.source.grants for model in self.args.models):
            return None
        return KubernetesObject(
            f"{self._name}-reader",
            "v1",
            "ServiceAccount",
            {
                "metadata": {
                    "name": self._name,
                    "namespace": self.args.namespace,
                    "labels": self._labels,
                    "annotations": dict(identity.annotations),
                },
                "automountServiceAccountToken": False,
            },
            pulumi.ResourceOptions(
                parent=self, delete_before_replace=True, depends_on=list(identity.needs)
            ),
        ).name

    def _make_deployment(self, server: workload.Workload) -> None:
        opts = pulumi.ResourceOptions(parent=self, custom_timeouts=server.timeouts)
        metadata: Fields = {"namespace": self.args.namespace, "labels": self._labels}
        replicas = self.args.options.replicas
        self.deployment = KubernetesObject(
            f"{self._name}-server",
            "apps/v1",
            "Deployment",
            {
                "metadata": metadata | autoscaler.mark(replicas),
                "spec": server.deployment_spec(),
            },
            pulumi.ResourceOptions.merge(opts, autoscaler.hand_over(replicas, surge=server.surge)),
        )
        if replicas.scales:
            keys = [f"slipway:models.{model.name}.replicas" for model in self.args.models]
            autoscaler.warn(keys[0], replicas, server, self)
            autoscaler.make(
                f"{self._name}-autoscaler",
                replicas,
                self.deployment,
                self.args.namespace,
                self._child,
            )

    def _make_config(self, program: Program) -> pulumi.Output[str]:
        """Immutable and auto-named: another configuration is another object, so pods roll."""
        return KubernetesObject(
            f"{self._name}-config",
            "v1",
            "ConfigMap",
            {
                "metadata": {"namespace": self.args.namespace},
                "data": dict(program.configuration),
                "immutable": True,
            },
            self._child,
        ).name

    def _secret_variables(self) -> dict[str, Fields]:
        return stack_settings.secret_variables(
            f"{self._name}-secrets",
            self.args.options,
            self.args.secrets,
            self.args.namespace,
            self._child,
        )

    def _make_service(
        self, program: Program, server: workload.Workload, opts: pulumi.ResourceOptions
    ) -> KubernetesObject:
        return server_service.make(
            f"{self._name}-service",
            models=[model.name for model in self.args.models],
            protocol=program.protocol.name,
            ports=program.ports,
            namespace=self.args.namespace,
            server=server,
            opts=opts,
        )

    def _make_network_policy(self, program: Program) -> None:
        expose = self.args.options.expose
        opened = [port for key, port in program.ports.items() if not expose or key in expose.ports]
        callers: Fields = {"ports": [{"port": port} for port in opened]}
        if not expose:
            # Behind a load balancer calls come from the nodes' addresses: no peer would fit.
            callers["from"] = list(self.args.clients)
        spec: Fields = {
            "podSelector": {"matchLabels": self._labels},
            "policyTypes": ["Ingress"],
            "ingress": [callers],
        }
        if egress := [rule for each in self._files.values() for rule in each.egress]:
            spec |= {"policyTypes": ["Ingress", "Egress"], "egress": egress}
        KubernetesObject(
            f"{self._name}-callers",
            "networking.k8s.io/v1",
            "NetworkPolicy",
            {"metadata": {"namespace": self.args.namespace}, "spec": spec},
            self._child,
        )
