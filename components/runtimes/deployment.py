"""`DeploymentRuntime`: a server that a Deployment runs."""

from __future__ import annotations

import pulumi

from components.contracts.serving import Backend
from components.kubernetes.object import Fields, KubernetesObject
from components.runtimes import autoscaler, server_service
from components.runtimes.server import ServerRuntime
from components.runtimes.server_spec import ServerSpec
from components.workload import Workload, disruption_budget


class DeploymentRuntime(ServerRuntime):
    """A Deployment of one server, its Service, its disruption budget and its autoscaler."""

    deployment: KubernetesObject

    def deploy(self, spec: ServerSpec, pods: Workload) -> Backend:
        service = self._make_service(spec, pods)
        disruption_budget(f"{self._name}-budget", pods, self.args.namespace, self._child)
        self.deployment = self._make_deployment(pods)
        return Backend(
            runtime=self.kind,
            protocol=spec.protocol,
            service=service.name,
            namespace=self.args.namespace,
            selector=pods.selector,
            grpc_port=spec.grpc_port,
            rest_port=spec.rest_port,
            streaming=spec.streaming,
            server=self.deployment,
            ready=[self],
        )

    def _make_service(self, spec: ServerSpec, pods: Workload) -> KubernetesObject:
        return server_service.make(
            f"{self._name}-service",
            models=[model.name for model in self.args.models],
            protocol=spec.protocol.name,
            ports=spec.ports,
            namespace=self.args.namespace,
            server=pods,
            opts=self._child,
        )

    def _make_deployment(self, pods: Workload) -> KubernetesObject:
        opts = pulumi.ResourceOptions(parent=self, custom_timeouts=pods.timeouts)
        metadata: Fields = {"namespace": self.args.namespace, "labels": self._labels}
        replicas = self.args.options.replicas
        deployment = KubernetesObject(
            f"{self._name}-server",
            "apps/v1",
            "Deployment",
            {
                "metadata": metadata | autoscaler.owner_metadata(replicas),
                "spec": pods.deployment_spec(),
            },
            pulumi.ResourceOptions.merge(
                opts, autoscaler.owner_options(replicas, surge=pods.surge)
            ),
        )
        if replicas.scales:
            keys = [f"slipway:models.{model.name}.replicas" for model in self.args.models]
            autoscaler.warn(keys[0], replicas, pods, self)
            autoscaler.make(
                f"{self._name}-autoscaler",
                replicas,
                deployment,
                self.args.namespace,
                self._child,
            )
        return deployment
