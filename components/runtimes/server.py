"""`ServerRuntime`: the resources that every runtime creates for a server."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import pulumi

from components import workload
from components.config.durations import seconds
from components.config.quantities import byte_count, cores
from components.contracts.identity import Identity
from components.contracts.serving import Backend, ServedModel, ServerArgs
from components.contracts.source import ModelFiles
from components.generations import LABEL
from components.kubernetes.object import Fields, KubernetesObject
from components.placement import placement
from components.runtimes import stack_settings
from components.runtimes.server_spec import CONFIGURATION, ServerSpec


class ServerRuntime(pulumi.ComponentResource):
    """One server and its models: its configuration, the credentials of its pods, their template,
    and a NetworkPolicy that admits the gateway. A runtime describes the server in `program`, and
    the directory of a model in `directory`. `DeploymentRuntime` and `OperatorRuntime` run the
    pods."""

    kind: ClassVar[str]
    """The registry's name of the runtime, and the pods' `app.kubernetes.io/name`."""
    backend: Backend

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
        spec = self.program(self._files)
        pods = self._make_workload(spec)
        self._make_network_policy(spec)
        self.backend = self.deploy(spec, pods)
        self.register_outputs({"service": self.backend.service})

    @abstractmethod
    def program(self, files: Mapping[str, ModelFiles]) -> ServerSpec:
        """How to run a server of `files`, which are by the models' names."""

    @abstractmethod
    def deploy(self, spec: ServerSpec, pods: workload.Workload) -> Backend:
        """Create `pods` and the Service in front of them."""

    def directory(self, model: str) -> str | None:
        """The absolute directory in which the server expects `model`. None if its configuration
        names the directory."""
        return None

    def _files_of(self, model: ServedModel) -> ModelFiles:
        return model.source.files(self.directory(model.name), self._identity)

    def _make_identity(self) -> Identity:
        bucket_access = [
            access for model in self.args.models for access in model.source.bucket_access
        ]
        if not bucket_access:
            return Identity()
        return self.args.cluster.identity(
            self._name, self.args.namespace, bucket_access, self._child
        )

    def _make_workload(self, spec: ServerSpec) -> workload.Workload:
        args, files = self.args, self._files.values()
        requests, limits = args.options.resources.requests, args.options.resources.limits
        volumes = [volume for each in files for volume in each.volumes]
        mounts: list[Fields] = []
        for mount in (mount for each in files for mount in each.mounts):
            if mount not in mounts:  # two models may be in one volume
                mounts.append(mount)
        if spec.configuration:
            volumes.append({"name": "config", "configMap": {"name": self._make_config(spec)}})
            mounts.append({"name": "config", "mountPath": CONFIGURATION, "readOnly": True})
        return workload.Workload(
            labels=self._labels,
            generation=self._generation,
            image=args.images.resolve(args.options.server_image()),
            pull_policy=args.images.pull_policy,
            pull_secrets=args.images.pull_secrets,
            command=spec.command,
            arguments=stack_settings.arguments(spec.arguments, args.options),
            environment={**spec.environment, **stack_settings.plain_variables(args.options)},
            environment_from={**spec.environment_from, **self._secret_variables()},
            user=spec.user,
            surge=args.options.surge,
            placement=placement(
                args.options.accelerator, args.cluster.node_pools, args.options.node_pool
            ),
            ports=spec.ports,
            startup_probe=spec.startup_probe,
            readiness_probe=spec.readiness_probe,
            liveness_probe=spec.liveness_probe,
            cpu=workload.amounts(requests.cpu, limits.cpu, spec.cpu, cores),
            memory=workload.amounts(requests.memory, limits.memory, spec.memory, byte_count),
            replicas=args.options.replicas.min,
            most_replicas=args.options.replicas.most,
            deadline=seconds(args.limits.deadline),
            drain=seconds(args.limits.drain),
            startup=seconds(args.options.startup_timeout),
            colocation_labels={
                key: value for each in files for key, value in each.colocation_labels.items()
            },
            init_containers=[
                *(container for each in files for container in each.init_containers),
                *spec.prepare,
            ],
            service_account=self._make_service_account(),
            volumes=[*volumes, *spec.volumes],
            mounts=[*mounts, *spec.mounts],
        )

    def _make_service_account(self) -> pulumi.Output[str] | None:
        """The service account that may read the buckets of the models. Its name is fixed, since
        clouds identify an account by its name. None if the pods read no bucket by themselves."""
        identity = self._identity
        if identity.mount or not any(model.source.bucket_access for model in self.args.models):
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

    def _make_config(self, spec: ServerSpec) -> pulumi.Output[str]:
        """The server's configuration files. The object is immutable and auto-named, so a changed
        configuration is a new object, and the pods roll out."""
        return KubernetesObject(
            f"{self._name}-config",
            "v1",
            "ConfigMap",
            {
                "metadata": {"namespace": self.args.namespace},
                "data": dict(spec.configuration),
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

    def _make_network_policy(self, spec: ServerSpec) -> None:
        expose = self.args.options.expose
        opened = [port for key, port in spec.ports.items() if not expose or key in expose.ports]
        callers: Fields = {"ports": [{"port": port} for port in opened]}
        if not expose:
            # Behind a load balancer calls come from the nodes' addresses: no peer would fit.
            callers["from"] = list(self.args.allowed_peers)
        rules: Fields = {
            "podSelector": {"matchLabels": self._labels},
            "policyTypes": ["Ingress"],
            "ingress": [callers],
        }
        if egress := [rule for each in self._files.values() for rule in each.egress]:
            rules |= {"policyTypes": ["Ingress", "Egress"], "egress": egress}
        KubernetesObject(
            f"{self._name}-callers",
            "networking.k8s.io/v1",
            "NetworkPolicy",
            {"metadata": {"namespace": self.args.namespace}, "spec": rules},
            self._child,
        )
